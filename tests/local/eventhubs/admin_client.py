"""Talk to the server's administration over HTTP."""

import json
import urllib.error
import urllib.request
from typing import Any


def call(url: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
    """Status and JSON content."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def inject(admin_url: str, **faults: object) -> None:
    """POST faults; raise when they are refused."""
    status, answer = call(f"{admin_url}/admin/faults", "POST", faults)
    if status != 200:
        raise AssertionError(answer)
