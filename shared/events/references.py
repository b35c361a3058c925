"""How events name things outside: models, jobs and endpoints, by workspace."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints

from shared.events.entity import Entity
from shared.events.fields import Part

_WORKSPACE = re.compile(
    r"/?subscriptions/[^/|]+/resourcegroups/[^/|]+/providers/microsoft\.machinelearningservices/workspaces/[^/|]+",
    re.IGNORECASE,
)
# A subscription's id, 90 characters of resource group, 33 of workspace, and the words between them, twice over.
_LONGEST_WORKSPACE = 512


def _workspace(value: str) -> str:
    if len(value) > _LONGEST_WORKSPACE or not value.isprintable() or not _WORKSPACE.fullmatch(value):
        raise ValueError("a full Azure ML workspace resource id is required")
    return "/" + value.strip("/").lower()


WorkspaceId = Annotated[str, AfterValidator(_workspace)]
# Azure ML's own rule for asset names; a name outside it never becomes part of a path, a query or a table key.
AssetName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Reference(Part):
    """Base of what names a thing outside."""


class ModelRef(Reference):
    """One version of a registered model."""

    workspace: WorkspaceId
    name: AssetName
    version: AssetName

    @property
    def entity(self) -> Entity:
        return Entity.of(self.workspace, "model", f"{self.name}:{self.version}")

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"


class JobRef(Reference):
    workspace: WorkspaceId
    name: AssetName

    @property
    def entity(self) -> Entity:
        return Entity.of(self.workspace, "job", self.name)


class EndpointRef(Reference):
    """A serving endpoint; `workspace` is the production workspace it belongs to."""

    workspace: WorkspaceId
    name: AssetName

    @property
    def entity(self) -> Entity:
        return Entity.of(self.workspace, "endpoint", self.name)

    @classmethod
    def from_entity(cls, entity: Entity) -> Self:
        return cls(workspace=entity.workspace, name=entity.name)


def scoped(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same data with a `scope` where it had an endpoint: before, people were asked about endpoints alone."""
    endpoint = EndpointRef.model_validate(data["endpoint"])
    return {**{name: value for name, value in data.items() if name != "endpoint"}, "scope": str(endpoint.entity)}


class PackageRef(Reference):
    """A model version together with the digest of its package: what is staged, approved, served and rolled back."""

    model: ModelRef
    digest: Digest = Field(description="SHA-256 over the package, hex")
