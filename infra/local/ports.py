"""Ports: the ones of the last run, else the usual ones, else free ones."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack

HOST = "127.0.0.1"


def choose(usual: Mapping[str, int], previous: Mapping[str, int]) -> dict[str, int]:
    """Give every name a free port of its own.

    A port of the last run comes first: Event Hubs checkpoints are stored under `host:port`, and links that people
    were sent carry it.
    Every socket stays bound until the last port is chosen, so that no two names get the same one.
    """
    chosen: dict[str, int] = {}
    with ExitStack() as held:
        for name, port in usual.items():
            for candidate in (previous.get(name, port), port, 0):
                bound = _bind(candidate)
                if bound is not None:
                    held.enter_context(bound)
                    chosen[name] = bound.getsockname()[1]
                    break
    return chosen


def is_free(port: int) -> bool:
    """Tell whether a server could listen there now."""
    bound = _bind(port)
    if bound is None:
        return False
    bound.close()
    return True


def _bind(port: int) -> socket.socket | None:
    """Bind as a server would: a connection in TIME_WAIT does not matter, a listener does."""
    candidate = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        candidate.bind((HOST, port))
        candidate.listen(1)
    except OSError:
        candidate.close()
        return None
    return candidate
