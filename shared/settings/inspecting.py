"""Settings of an app looked at from outside: what would stop it at start, without starting it."""

from collections.abc import Mapping

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from shared.ports import Hub
from shared.settings.control import ControlSettings
from shared.settings.gateway import GatewaySettings
from shared.settings.operator import HUBS, OperatorSettings
from shared.settings.references import is_reference
from shared.settings.scoring import ScoringSettings

APPS: Mapping[str, type[BaseModel]] = {
    "control": ControlSettings,
    "gateway": GatewaySettings,
    "scoring": ScoringSettings,
}


def references(values: Mapping[str, str]) -> list[str]:
    """Names of settings that hold a reference to a vault instead of a value."""
    return sorted(name for name, value in values.items() if is_reference(value))


def read_from[S: BaseModel](settings: type[S], values: Mapping[str, str]) -> S:
    """The app's settings from these values alone, whatever this process has. Raises `ValidationError`."""
    if not issubclass(settings, BaseSettings):
        return settings.model_validate({name: values[name.upper()] for name in _named(settings, values)})
    source = EnvSettingsSource(settings)
    source.env_vars = {name.lower(): value for name, value in values.items()}
    made = settings.__new__(settings)
    # Not by its own `__init__`, which would read this process's environment as well.
    BaseModel.__init__(made, **source())
    return made


def _named(settings: type[BaseModel], values: Mapping[str, str]) -> list[str]:
    return [name for name in settings.model_fields if name.upper() in values]


def hub_addresses(settings: BaseModel) -> dict[Hub, str]:
    """Where an app reaches the hubs that it knows."""
    found = {hub: getattr(settings, OperatorSettings.setting(hub).lower(), None) for hub in HUBS}
    return {hub: each.get_secret_value() for hub, each in found.items() if isinstance(each, SecretStr)}


def wrong_in(settings: type[BaseModel], values: Mapping[str, str]) -> list[str]:
    """A sentence for each setting that is missing or wrong; values are never shown."""
    try:
        read_from(settings, values)
    except ValidationError as error:
        return [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
    except SettingsError as error:
        return [str(error)]
    return []
