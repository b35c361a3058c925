"""One request, as handlers see it, and their answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from infra.local.azure_ml.arm import bad_request, not_found
from infra.local.azure_ml.resources import Json, Resource

if TYPE_CHECKING:
    from infra.local.azure_ml.emulator import Emulator


@dataclass(frozen=True)
class Call:
    """`names` are the variable parts of the path; `base` is this server's address; `lro` is what a fault asks for."""

    emulator: "Emulator"
    workspace: str
    names: Mapping[str, str]
    body: Json
    query: Mapping[str, str]
    base: str
    url: str
    lro: Literal["fail", "never"] | None = None

    def path(self, pattern: str) -> str:
        """A store path: the workspace and the pattern with its names filled in."""
        return f"{self.workspace}/{pattern.format(**self.names)}"

    def find(self, pattern: str) -> Resource:
        """The resource at the pattern; raises `ArmError` 404."""
        resource = self.emulator.resources.get(self.path(pattern))
        if resource is None:
            raise not_found(f"{pattern.format(**self.names)} in workspace {self.workspace}")
        return resource

    def properties(self) -> Json:
        """The `properties` of the body; raises `ArmError` 400 without them."""
        properties = self.body.get("properties")
        if not isinstance(properties, dict):
            raise bad_request("The request body must hold an object 'properties'.", "InvalidRequestContent")
        return properties

    def option(self, name: str) -> str | None:
        """A query option, whatever its case."""
        return next((value for key, value in self.query.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Json | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Answer]]


def listed(call: Call, resources: list[Resource]) -> list[Resource]:
    """Those the `listViewType` of the request asks for: active ones unless it says otherwise."""
    view = (call.option("listViewType") or "ActiveOnly").lower()
    if view == "all":
        return resources
    archived = view == "archivedonly"
    return [item for item in resources if bool(item.properties.get("isArchived")) == archived]
