"""What keeps a package from being made."""


class CannotBuild(Exception):
    """No package can be made of this; the message says what was found, what was expected and what to do."""
