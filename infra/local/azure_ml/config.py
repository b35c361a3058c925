"""The configuration file: workspaces, identities and their rights, storage, events, environments, limits."""

from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Workspace(_Strict):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,32}$")


class Grant(_Strict):
    """`actions` are patterns: `jobs/write`, `onlineEndpoints/*`, `*`, or the full names of a custom role."""

    workspace: str
    actions: tuple[str, ...] = Field(min_length=1)


class Identity(_Strict):
    """One app's managed identity, found by the secret `header` the app sends as X-IDENTITY-HEADER.

    Where it has a `client_id`, an app that asks for a token of another one gets none.

    `type` is what Azure ML says of whatever it creates; of a `User`, `name` is the display name.
    """

    name: str = Field(min_length=1)
    type: Literal["Application", "ManagedIdentity", "User"] = "Application"
    header: str = Field(min_length=8, repr=False)
    oid: UUID
    client_id: UUID | None = None
    grants: tuple[Grant, ...] = ()


class Events(_Strict):
    """`watched` are containers of the account whose new blobs are told of, as by a subscription to its events."""

    connection: str = Field(repr=False)
    watched: tuple[str, ...] = ()

    @field_validator("connection")
    @classmethod
    def _names_the_hub(cls, value: str) -> str:
        if "EntityPath=" not in value or "Endpoint=" not in value:
            raise ValueError("must be an Event Hubs connection string with Endpoint and EntityPath")
        return value


class Environment(_Strict):
    """What jobs of one environment name run with; `python` defaults to the interpreter of the emulator."""

    pythonpath: tuple[str, ...] = ()
    variables: dict[str, str] = Field(default_factory=dict, repr=False)
    python: str | None = None

    @field_validator("python")
    @classmethod
    def _exists(cls, value: str | None) -> str | None:
        if value is not None and not Path(value).is_file():
            raise ValueError(f"no interpreter at {value}")
        return value


# The name under which the configuration says what all environments run with that it does not name.
ANY = "*"


class Config(_Strict):
    subscription_id: UUID
    resource_group: str = Field(min_length=1)
    tenant_id: UUID
    workspaces: tuple[Workspace, ...] = Field(min_length=1)
    identities: tuple[Identity, ...] = ()
    storage: str = Field(repr=False)
    events: Events | None = None
    environments: dict[str, Environment] = Field(default_factory=dict)
    operations: Literal["fast", "long_running"] = "fast"
    max_running_jobs: int = Field(default=2, ge=1)
    job_time_limit_s: float = Field(default=600, gt=0)

    def environment(self, name: str) -> Environment | None:
        """What its jobs run with; None where nothing is configured for it."""
        return self.environments.get(name) or self.environments.get(ANY)

    @field_validator("storage")
    @classmethod
    def _is_a_connection_string(cls, value: str) -> str:
        if "AccountName=" not in value or "AccountKey=" not in value:
            raise ValueError("must be a storage connection string with AccountName and AccountKey")
        return value

    @model_validator(mode="after")
    def _names_agree(self) -> "Config":
        known = {workspace.name for workspace in self.workspaces} | {"*"}
        for identity in self.identities:
            for grant in identity.grants:
                if grant.workspace not in known:
                    raise ValueError(f"identities.{identity.name}.grants: no workspace named {grant.workspace!r}")
        headers = [identity.header for identity in self.identities]
        if len(set(headers)) != len(headers):
            raise ValueError("identities: two identities share one header")
        return self


def load(path: Path) -> Config:
    """Read and check the file; raises pydantic's `ValidationError`, which names each wrong field."""
    return Config.model_validate_json(path.read_bytes())
