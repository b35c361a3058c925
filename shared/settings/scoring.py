"""Settings of the scoring app, of both its doors."""

import json
import os
import sys
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.events import EndpointRef
from shared.events.workspaces import Workspaces, serving
from shared.settings.references import unresolved

_Named = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _list(value: object) -> object:
    """`a,b` or `["a", "b"]`."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.startswith("[") else [part for part in value.split(",") if part.strip()]


def _json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


type _List[T] = Annotated[T, BeforeValidator(_list)]


class ScoringSettings(BaseModel):
    """Read from the environment, by these names in upper case. Not by pydantic-settings: it slows a start by 50 ms.

    `sluice_storage` is a connection string or the account's blob URL, `hub_predictions` is `<namespace>/<hub>` or a
    connection string with EntityPath. `capture_sampling` is the share of requests to capture, 0 to 1;
    `capture_loop_share` is the most of the event loop's time that packing them may take (on Functions sending, too):
    rows beyond it are lost and counted. `inference_threads` within one run: 0 takes one for each core of this process.
    `capture_features` names the inputs whose values may leave; without it all do. `model_cache` is the folder of
    checked and optimised models, of this user alone.

    `workspaces`: JSON, list of `{id, stages, location, project}`; where several are of stage production,
    `serving_workspace` is the id of the one that this app serves. `serving_endpoint` may name several. Versions
    that lost their route are kept for `rollback_window_s`, as far as `model_memory_mb` allows it for all model
    files together. `access_log` writes a line of JSON for each request, and `otel_exporter_otlp_endpoint` gets a
    span for each (own server; OpenTelemetry's SDK reads its other variables).
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    sluice_storage: SecretStr = Field(min_length=1)
    hub_predictions: SecretStr = Field(min_length=1)
    serving_endpoint: _List[tuple[_Named, ...]] = Field(min_length=1)
    workspaces: Annotated[Workspaces, BeforeValidator(_json)]
    serving_workspace: str = ""
    capture_sampling: float = Field(default=1.0, ge=0, le=1)
    capture_rows: int = Field(default=50_000, ge=1, le=10_000_000)
    capture_loop_share: float = Field(default=0.1, gt=0, le=1)
    inference_threads: int = Field(default=0, ge=0, le=256)
    capture_features: _List[frozenset[_Named] | None] = None
    inference_providers: _List[tuple[_Named, ...]] = Field(default=("CPUExecutionProvider",), min_length=1)
    model_cache: str = ""
    rollback_window_s: float = Field(default=3_600, ge=0, le=30 * 86_400)
    model_memory_mb: int = Field(default=512, ge=1, le=1_000_000)
    access_log: bool = False
    otel_exporter_otlp_endpoint: str = ""

    @model_validator(mode="after")
    def _knows_where_it_serves(self) -> Self:
        if not (self.serving_workspace or serving(self.workspaces)):
            raise ValueError("workspaces: one of stage production is required; of several, SERVING_WORKSPACE names one")
        return self

    @field_validator("serving_endpoint")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise ValueError("an endpoint is named twice")
        return names

    @property
    def endpoints(self) -> tuple[EndpointRef, ...]:
        """Raises `ValidationError` when the parts do not make a workspace id or an endpoint's name."""
        workspace = self.serving_workspace or serving(self.workspaces)
        return tuple(EndpointRef(workspace=workspace, name=name) for name in self.serving_endpoint)

    @classmethod
    def read(cls) -> Self:
        """Stops the process with a sentence for each setting that is missing or wrong; values are never shown."""
        if wrong := unresolved(cls.model_fields):
            sys.exit("scoring cannot start; settings: " + "; ".join(wrong))
        try:
            given = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
            found = cls.model_validate(given)
            found.endpoints  # noqa: B018 - wrong parts are found at start, not at the first request
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
            sys.exit("scoring cannot start; settings: " + "; ".join(wrong))
        return found
