"""Settings of the control app."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.events.workspaces import Workspaces
from shared.policies import InvalidPolicy, PolicyDocument
from shared.ports import Hub
from shared.reactor import Service, policy_in

type _Named = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Connection = Annotated[SecretStr, Field(min_length=1)]


class ControlSettings(BaseSettings):
    """Read from the environment, by these names in upper case.

    `hub_...`: `<namespace>/<hub>` for the app's own identity, or a connection string with EntityPath. What the triggers
    listen to has settings of its own, which the Functions host reads. `sluice_storage`: the account's blob URL, or a
    connection string. `workspaces`: JSON, list of `{id, stages, location, project}`.
    `notify_webhooks`: JSON, audience (or `*`) to a list of `teams=https://...` or `slack=https://...`.
    `model_datastores`: JSON, Azure ML datastore to the container behind it, a name in our own account or the
    container's URL in another. `operator_public_key` checks operators' commands; without it, whoever may send to
    hub decisions is believed. `policy_changed_by` names who deployed the policy, if the deployment knows. `lease_s`
    bounds one effect, in seconds, `patience_s` how long an event may stay pending, `longest_pause_s` the pause
    between two tries. `stood_s`: what lies behind a reader's position for so long is read back by the timer.
    `deadline_s` ends a try at a batch, well below the host's own time-out; it is tried again after `retry_pause_s`,
    then after twice and three times that, and then the host moves on and the position does not.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    hub_inbound: _Connection
    hub_events: _Connection
    hub_decisions: _Connection
    hub_predictions: _Connection
    hub_labels: _Connection
    hub_dead_letter: _Connection
    sluice_storage: _Connection
    workspaces: Workspaces = Field(min_length=1)
    policy_file: Path
    policy_changed_by: str = ""
    approval_signing_key: SecretStr = Field(min_length=43)
    approval_base_url: _Named
    operator_public_key: str = ""
    notify_outbox: Path | None = None
    notify_webhooks: dict[str, list[str]] = {}
    webhooks_may_be_private: bool = False
    model_datastores: dict[str, _Named] = {"workspaceblobstore": "azureml"}
    lease_s: float = Field(default=30, gt=0, le=30)
    patience_s: float = Field(default=3600, gt=0)
    longest_pause_s: float = Field(default=60, gt=0)
    stood_s: float = Field(default=45, ge=0)
    deadline_s: float = Field(default=60, gt=0, le=120)
    retry_pause_s: int = Field(default=5, ge=0, le=8)
    tick: _Named = Field(description="how often deadlines and pending events are looked at, as NCRONTAB")

    def policy(self, services: Mapping[str, Service[Any]]) -> PolicyDocument:
        """What control decides by; one that does not hold ends the process with all that is wrong with it."""
        try:
            return policy_in(self.policy_file.read_text(), self.workspaces, services, str(self.policy_file))
        except (OSError, UnicodeDecodeError, InvalidPolicy) as error:
            sys.exit(f"control cannot start; POLICY_FILE: {error}")

    def hubs(self) -> dict[Hub, str]:
        secrets: dict[Hub, SecretStr] = {
            "inbound": self.hub_inbound,
            "events": self.hub_events,
            "decisions": self.hub_decisions,
            "predictions": self.hub_predictions,
            "labels": self.hub_labels,
            "dead-letter": self.hub_dead_letter,
        }
        return {hub: secret.get_secret_value() for hub, secret in secrets.items()}
