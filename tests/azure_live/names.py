"""Azure's names for local servers, here: `NAMES` holds the port of each host, as JSON. Also a plugin of pytest."""

import json
import os
import socket
from collections.abc import Callable
from typing import Any

NAMES = "SLUICE_TEST_NAMES"


def _redirected(resolve: Callable[..., Any], ports: dict[str, int]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        there = ports.get(str(host).lower())
        return resolve(host, port, *args, **kwargs) if there is None else resolve("127.0.0.1", there, *args, **kwargs)

    return getaddrinfo


def install() -> None:
    """From now on these names are local servers; without the variable nothing is changed."""
    if NAMES in os.environ:
        socket.getaddrinfo = _redirected(socket.getaddrinfo, json.loads(os.environ[NAMES]))


def pytest_configure() -> None:
    install()
