"""Azure Resource Manager's manners: ids, errors, pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

PROVIDER = "Microsoft.MachineLearningServices"
PAGE = 30
_PATH = re.compile(
    rf"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/{re.escape(PROVIDER)}"
    r"/workspaces/(?P<workspace>[^/]+)(?:/(?P<rest>.*))?$",
    re.IGNORECASE,
)
_ASSET = re.compile(
    r"(?:azureml:)?/subscriptions/.+/(?P<kind>[A-Za-z]+)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)$", re.IGNORECASE
)
_SHORT_ASSET = re.compile(r"azureml:(?P<name>[^/:@]+):(?P<version>[^/:@]+)$")


class ArmError(Exception):
    """An error as the workspace answers it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message}}


def bad_request(message: str, code: str = "UserError") -> ArmError:
    return ArmError(400, code, message)


def not_found(what: str) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"{what} was not found")


def conflict(message: str) -> ArmError:
    return ArmError(409, "Conflict", message)


@dataclass(frozen=True)
class Target:
    """Where a request points: a workspace and the path below it."""

    subscription: str
    group: str
    workspace: str
    rest: str


def parse(path: str) -> Target | None:
    """The target of an ARM path, or None when it is no workspace path."""
    match = _PATH.match(re.sub("/+", "/", path))
    if match is None:
        return None
    return Target(match["subscription"], match["group"], match["workspace"], (match["rest"] or "").strip("/"))


@dataclass(frozen=True)
class AssetRef:
    """A versioned asset; `kind` is None for the short form `azureml:name:version`."""

    kind: str | None
    name: str
    version: str


def parse_asset(reference: str) -> AssetRef | None:
    """`azureml:m:1` or a full id of a versioned asset, with or without the `azureml:` before it."""
    if full := _ASSET.match(reference):
        return AssetRef(full["kind"].lower(), full["name"], full["version"])
    if short := _SHORT_ASSET.match(reference):
        return AssetRef(None, short["name"], short["version"])
    return None


def page(items: Sequence[dict[str, Any]], url: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of a list with `$top`, `$skip` and `nextLink`."""
    skip = int(query.get("$skip", "0"))
    top = query.get("$top")
    size = min(int(top), PAGE) if top else PAGE
    body: dict[str, Any] = {"value": list(items[skip : skip + size])}
    if top is None and skip + size < len(items):
        body["nextLink"] = f"{url}?{urlencode({**query, '$skip': skip + size})}"
    return body
