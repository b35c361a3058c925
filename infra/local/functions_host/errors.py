"""What stops an app from being hosted."""


class HostError(Exception):
    """The app cannot be hosted as it is; the message names the function, setting or file to correct."""
