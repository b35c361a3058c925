"""Settings of the scoring app, of both its doors."""

import sys
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.events import EndpointRef

_Named = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class ScoringSettings(BaseSettings):
    """Read from the environment, by these names in upper case.

    `sluice_storage` is a connection string or the account's blob URL, `predictions` a connection string with EntityPath
    or `<namespace>/<hub>`. `capture_sampling` is the share of requests to capture, 0 to 1. `inference_threads` within
    one run: 0 takes one for each core of this process.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    sluice_storage: SecretStr = Field(min_length=1)
    predictions: SecretStr = Field(min_length=1)
    serving_endpoint: _Named
    azure_ml_subscription: _Named
    azure_ml_resource_group: _Named
    azure_ml_production_workspace: _Named
    capture_sampling: float = Field(default=1.0, ge=0, le=1)
    capture_rows: int = Field(default=50_000, ge=1, le=10_000_000)
    inference_threads: int = Field(default=0, ge=0, le=256)
    inference_providers: tuple[_Named, ...] = Field(default=("CPUExecutionProvider",), min_length=1)

    @property
    def endpoint(self) -> EndpointRef:
        """Raises `ValidationError` when the parts do not make a workspace id or an endpoint's name."""
        workspace = (
            f"/subscriptions/{self.azure_ml_subscription}/resourceGroups/{self.azure_ml_resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.azure_ml_production_workspace}"
        )
        return EndpointRef(workspace=workspace, name=self.serving_endpoint)

    @classmethod
    def read(cls) -> Self:
        """Stops the process with a sentence for each setting that is missing or wrong; values are never shown."""
        try:
            found = cls()
            found.endpoint  # noqa: B018 - wrong parts are found at start, not at the first request
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
            sys.exit("scoring cannot start; settings: " + "; ".join(wrong))
        return found
