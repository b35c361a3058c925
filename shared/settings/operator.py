"""Settings of the operators' command line: from the environment, or from the run file of a local system."""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.events.workspaces import Workspaces, serving
from shared.ports import Hub

HUBS: tuple[Hub, ...] = ("inbound", "events", "decisions", "predictions", "labels", "dead-letter")
_COMMANDS = "operators-decisions"


class NoSettings(ValueError):
    """There is nothing to connect to; the message says what to set."""


class OperatorSettings(BaseSettings):
    """Environment variables of the same names, in capitals; a command needs only those of what it reads.

    `sluice_storage` is a connection string or the account's blob URL, a hub a connection string with EntityPath or
    `<namespace>/<hub>`; `commands` is hub decisions once more, with the right to send, `operator_signing_key` what
    commands are signed with, where control asks for that; `batch_storage` the storage account once more, with the right
    to write to container `batch-in`. `host_storage` is the account of control's Functions host, `mending_storage` the
    product's once more with the right to write positions: for `sluice doctor --fix` alone. `approval_base_url` is where
    the approval pages are; `observers` is the consumer group that people read hubs with. `app_settings`: JSON, app to a
    file with its settings, for `sluice doctor`; so `app_addresses`, JSON, app to where it answers (without it the
    gateway alone, at `approval_base_url`), and `app_keys`, JSON, app to the master key of its host, which says what it
    runs.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    sluice_storage: SecretStr | None = None
    hub_inbound: SecretStr | None = None
    hub_events: SecretStr | None = None
    hub_decisions: SecretStr | None = None
    hub_predictions: SecretStr | None = None
    hub_labels: SecretStr | None = None
    hub_dead_letter: SecretStr | None = None
    commands: SecretStr | None = None
    batch_storage: SecretStr | None = None
    host_storage: SecretStr | None = None
    mending_storage: SecretStr | None = None
    operator_signing_key: SecretStr | None = None
    approval_base_url: str = ""
    observers: str = Field(default="observers", min_length=1)
    workspaces: Workspaces = ()
    app_settings: dict[str, Path] = {}
    app_addresses: dict[str, str] = {}
    app_keys: dict[str, SecretStr] = {}

    @classmethod
    def from_run_file(cls, path: Path) -> Self:
        """What `python -m infra.local up` wrote: storage with the operators' rights. Raises `NoSettings`."""
        try:
            document = json.loads(path.read_text())
            strings = document["connection_strings"]
            hubs = {_variable(hub): _readable(hub, strings["event_hubs"]) for hub in HUBS}
            storage = strings["storage"]
            own = {"sluice_storage": storage["operators"], "commands": strings["event_hubs"].get(_COMMANDS)}
            own["batch_storage"] = storage.get("submitters")
            own["host_storage"], own["mending_storage"] = storage.get("controlhost"), storage.get("menders")
            own["approval_base_url"] = document.get("endpoints", {}).get("gateway", "")
            own["operator_signing_key"] = document.get("keys", {}).get("operator_signing_key")
            written = document.get("files", {}).get("settings", {})
            files = {app: file for app, file in written.items() if Path(file).exists()}
            processes = document.get("processes", {})
            runs = {app: where for app, where in document.get("endpoints", {}).items() if app in processes}
            own["app_addresses"] = {app: where for app, where in runs.items() if app in written}
            own["app_keys"] = document.get("keys", {}).get("masters", {})
            return cls.model_validate(
                {**own, **hubs, "workspaces": document.get("workspaces", ()), "app_settings": files}
            )
        except OSError as error:
            raise NoSettings(f"{path}: {error.strerror}; start the local system with `make up`") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoSettings(f"{path} is not the run file of a local system ({type(error).__name__})") from error

    @classmethod
    def from_environment(cls) -> Self:
        """Raises `NoSettings` naming what is wrong."""
        try:
            return cls()
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
            raise NoSettings("; ".join(wrong)) from error

    def storage(self) -> str:
        """Raises `NoSettings`."""
        return self._secret("sluice_storage", "in Azure, the blob URL of Sluice's storage account")

    def hub(self, hub: Hub) -> str:
        """Where to read this hub from; raises `NoSettings`."""
        return self._secret(_variable(hub), f"a connection string of hub {hub} with the right to listen")

    def commands_to(self) -> str:
        """Where an operator's commands go; raises `NoSettings`."""
        return self._secret("commands", "a connection string of hub decisions with the right to send")

    def batch_address(self) -> str:
        """Where files to score are handed over; raises `NoSettings`."""
        return self._secret("batch_storage", "the account of SLUICE_STORAGE with the right to write to batch-in")

    def host_address(self) -> str:
        """Where the host of control keeps its checkpoints, "" where that is not said."""
        return self.host_storage.get_secret_value() if self.host_storage else ""

    def mending_address(self) -> str:
        """As `storage`, with the right to write positions where that is another address."""
        return self.mending_storage.get_secret_value() if self.mending_storage else self.storage()

    def hubs(self) -> dict[Hub, str]:
        """Where to read those hubs from whose setting is there."""
        found = {hub: getattr(self, _variable(hub)) for hub in HUBS}
        return {hub: secret.get_secret_value() for hub, secret in found.items() if secret}

    @staticmethod
    def setting(hub: Hub) -> str:
        """The name of the setting that says where a hub is; the apps have the same."""
        return _variable(hub).upper()

    def unset(self) -> list[str]:
        """Settings without a value, of those that say where something is."""
        names = [*map(_variable, HUBS), "sluice_storage", "commands", "host_storage"]
        return sorted(name.upper() for name in names if getattr(self, name) is None)

    def secrets(self) -> dict[str, str]:
        """All that are set, by the names of their settings."""
        given = {name.upper(): getattr(self, name) for name in type(self).model_fields}
        return {name: each.get_secret_value() for name, each in given.items() if isinstance(each, SecretStr)}

    def addresses(self) -> dict[str, str]:
        """Where apps answer that are known to run."""
        pages = {"gateway": self.approval_base_url} if self.approval_base_url else {}
        return self.app_addresses or pages

    def master_keys(self) -> dict[str, str]:
        """Of the hosts of apps, by app."""
        return {app: key.get_secret_value() for app, key in self.app_keys.items()}

    def signing_key(self) -> str:
        """What commands are signed with, "" when they are not."""
        return self.operator_signing_key.get_secret_value() if self.operator_signing_key else ""

    def _secret(self, name: str, meaning: str) -> str:
        value: SecretStr | None = getattr(self, name)
        if value is None or not value.get_secret_value().strip():
            local = "No local system was found here: `make up` starts one, --run-dir names one elsewhere"
            raise NoSettings(f"{name.upper()} is not set: {meaning}. {local}")
        return value.get_secret_value()

    def serving_workspace(self) -> str:
        """The only workspace of stage production, "" where there is none or where there are several."""
        return serving(self.workspaces)


def _variable(hub: Hub) -> str:
    return f"hub_{hub.replace('-', '_')}"


def _readable(hub: Hub, strings: dict[str, Any]) -> str:
    """The operators' own key where it may listen; a local system gives them one on `dead-letter` only."""
    own = f"operators-{hub}"
    if own in strings and hub != "decisions":
        return str(strings[own])
    return f"{strings['root']};EntityPath={hub}"
