"""One request, as handlers see it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from infra.local.azure_ml.answer import Answer, Lro
from infra.local.azure_ml.arm import bad_request, not_found
from infra.local.azure_ml.jobs.runner import Runner
from infra.local.azure_ml.operations import Operations
from infra.local.azure_ml.resources import Json, Resource
from infra.local.azure_ml.state import State


@dataclass(frozen=True)
class Call:
    """`names` are the variable parts of the path; `base` is this server's address; `lro` is what a fault asks for."""

    state: State
    operations: Operations
    runner: Runner
    workspace: str
    names: Mapping[str, str]
    body: Json
    query: Mapping[str, str]
    base: str
    url: str
    lro: Lro | None = None

    def path(self, pattern: str) -> str:
        """A store path: the workspace and the pattern with its names filled in."""
        return f"{self.workspace}/{pattern.format(**self.names)}"

    def find(self, pattern: str) -> Resource:
        """The resource at the pattern; raises `ArmError` 404."""
        resource = self.state.resources.get(self.path(pattern))
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


Handler = Callable[[Call], Awaitable[Answer]]


def listed(call: Call, resources: list[Resource]) -> list[Resource]:
    """Those the `listViewType` of the request asks for: active ones unless it says otherwise."""
    view = (call.option("listViewType") or "ActiveOnly").lower()
    if view == "all":
        return resources
    archived = view == "archivedonly"
    return [item for item in resources if bool(item.properties.get("isArchived")) == archived]
