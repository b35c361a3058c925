"""Access keys: of the host, of each function, and the master key; on by default, generated when there are none."""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.http.messages import Request


@dataclass(frozen=True)
class Keys:
    master: str
    host: Mapping[str, str]
    functions: Mapping[str, Mapping[str, str]]

    def admits(self, level: str, function: str, request: Request) -> bool:
        """Whether the request carries a key that is good enough for the auth level."""
        if level == "ANONYMOUS":
            return True
        good = [self.master]
        if level == "FUNCTION":
            good += [*self.host.values(), *self.functions.get(function, {}).values()]
        return _is_one_of(presented_key(request), good)

    def knows(self, request: Request) -> bool:
        """Whether the request carries any key of this app."""
        keys = [key for each in self.functions.values() for key in each.values()]
        return _is_one_of(presented_key(request), [self.master, *self.host.values(), *keys])


def presented_key(request: Request) -> str | None:
    """A header wins over the query even when it is empty."""
    header = request.header("x-functions-key")
    return request.query_value("code") if header is None else header


def _is_one_of(given: str | None, good: Sequence[str]) -> bool:
    # Every key is compared, so the time taken says nothing about which one was nearly right.
    return given is not None and any([hmac.compare_digest(given.encode(), key.encode()) for key in good])


def load_keys(path: Path, functions: Sequence[str]) -> Keys:
    """The keys in the file; those that it lacks are generated and written to it. Raises `HostError`."""
    document = _read(path)
    complete: dict[str, Any] = {
        "master": document.get("master") or _new_key(),
        "host": document.get("host") or {"default": _new_key()},
        "functions": dict(document.get("functions") or {}),
    }
    for function in functions:
        complete["functions"].setdefault(function, {"default": _new_key()})
    if complete != document:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(complete, indent=2) + "\n", encoding="utf-8")
    return Keys(complete["master"], complete["host"], complete["functions"])


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise HostError(f"keys file {path}: {error}") from error
    if not isinstance(document, dict):
        raise HostError(f"keys file {path}: must be an object")
    return document


def _new_key() -> str:
    return secrets.token_urlsafe(40)
