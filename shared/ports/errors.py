"""What an adapter may raise: each says what the caller should do."""

from datetime import timedelta


class Unavailable(Exception):
    """Not now: down, throttled, timed out, no right yet, or the outcome is unknown. Try again later.

    `pause` is how long whoever cannot now asked to be left alone, where it did.
    """

    def __init__(self, *args: object, pause: timedelta | None = None) -> None:
        super().__init__(*args)
        self.pause = pause


class Refused(Exception):
    """Never: the thing outside understood the request and says no. The message says why."""


class Absent(Refused):
    """The thing asked for does not exist."""


class Moved(Exception):
    """A compare-and-swap lost: somebody else changed it since it was read. Read again and decide again."""
