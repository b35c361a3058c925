"""The signals that end what runs here."""

import signal


def ending() -> list[signal.Signals]:
    """Return Ctrl-C, the request to stop, and the end of the terminal, unless `nohup` says to survive that."""
    hangup = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hangup]
