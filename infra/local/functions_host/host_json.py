"""host.json, the parts that this host obeys, with the defaults of Azure Functions 4."""

import json
import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.timespan import parse_timespan

_log = logging.getLogger(__name__)

_OVERRIDE = "AzureFunctionsJobHost__"
# What the Event Hubs extension knows and this host does not do.
_NOT_OBEYED = frozenset(
    {
        *("transportType", "webProxy", "customEndpointAddress", "clientRetryOptions", "prefetchSizeInBytes"),
        # Where its versions before 5 had them.
        *("eventProcessorOptions", "partitionManagerOptions"),
    }
)


def _timespan(value: object) -> object:
    return parse_timespan(value) if isinstance(value, str) else value


def _offset_type(value: object) -> object:
    known = {kind.lower(): kind for kind in ("fromStart", "fromEnd", "fromEnqueuedTime")}
    return known.get(value.lower(), value) if isinstance(value, str) else value


def _timeout(value: object) -> object:
    return None if value in ("-1", -1) else _timespan(value)


TimeSpan = Annotated[timedelta, BeforeValidator(_timespan)]
FunctionTimeout = Annotated[timedelta | None, BeforeValidator(_timeout)]


class _Section(BaseModel):
    """Keys that nobody knows are passed over, and their case does not matter, as in Azure."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _spelt_as_documented(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = {str(field.alias).lower(): field.alias for field in cls.model_fields.values()}
        return {known.get(str(name).lower(), name): value for name, value in given.items()}


class InitialOffset(_Section):
    """Where a partition without a checkpoint starts."""

    type: Annotated[Literal["fromStart", "fromEnd", "fromEnqueuedTime"], BeforeValidator(_offset_type)] = "fromStart"
    enqueued_time_utc: datetime | None = None

    @model_validator(mode="after")
    def _has_its_time(self) -> Self:
        if self.type == "fromEnqueuedTime" and self.enqueued_time_utc is None:
            raise ValueError("fromEnqueuedTime needs enqueuedTimeUtc")
        return self


class EventHubsSettings(_Section):
    max_event_batch_size: int = Field(100, ge=1)
    min_event_batch_size: int = Field(1, ge=1)
    max_wait_time: TimeSpan = Field(timedelta(minutes=1), le=timedelta(minutes=10))
    batch_checkpoint_frequency: int = Field(1, ge=1)
    prefetch_count: int = Field(300, ge=1)
    initial_offset_options: InitialOffset = InitialOffset()
    partition_ownership_expiration_interval: TimeSpan = timedelta(minutes=2)
    load_balancing_update_interval: TimeSpan = timedelta(seconds=30)
    track_last_enqueued_event_properties: bool = False
    target_unprocessed_event_threshold: int | None = Field(None, ge=1)
    enable_checkpointing: bool = True

    @model_validator(mode="after")
    def _minimum_is_not_above_maximum(self) -> Self:
        if self.min_event_batch_size > self.max_event_batch_size:
            raise ValueError("minEventBatchSize is larger than maxEventBatchSize")
        return self

    @model_validator(mode="before")
    @classmethod
    def _say_what_is_not_obeyed(cls, given: Any) -> Any:
        for name in _NOT_OBEYED.intersection(given if isinstance(given, dict) else ()):
            _log.warning("host.json: extensions.eventHubs.%s is not obeyed by this host", name)
        return given


class HttpSettings(_Section):
    route_prefix: str = "api"


class QueuesSettings(_Section):
    message_encoding: Literal["base64", "none"] = "base64"


class Extensions(_Section):
    event_hubs: EventHubsSettings = EventHubsSettings()
    http: HttpSettings = HttpSettings()
    queues: QueuesSettings = QueuesSettings()


class Singleton(_Section):
    """The blob lease of a timer: 15 to 60 seconds, as storage allows, and how often a host without it tries again."""

    listener_lock_period: TimeSpan = Field(timedelta(seconds=60), ge=timedelta(seconds=15), le=timedelta(seconds=60))
    listener_lock_recovery_polling_interval: TimeSpan = timedelta(seconds=60)


class LogLevels(_Section):
    log_level: dict[str, str] = Field(default_factory=dict)


class HostSettings(_Section):
    version: Literal["2.0"] = "2.0"
    function_timeout: FunctionTimeout = timedelta(minutes=30)
    extensions: Extensions = Extensions()
    singleton: Singleton = Singleton()
    logging: LogLevels = LogLevels()


def load_host_json(app_directory: Path) -> HostSettings:
    """host.json with `AzureFunctionsJobHost__section__name` settings laid over it. Raises `HostError`."""
    path = app_directory / "host.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"version": "2.0"}
        for name in sorted(os.environ):
            if name.startswith(_OVERRIDE):
                _lay_over(document, name.removeprefix(_OVERRIDE).split("__"), os.environ[name])
        if "version" not in document:
            raise ValueError('version: required, "2.0"')
        return HostSettings.model_validate(document)
    except (ValueError, ValidationError) as error:
        raise HostError(f"{path}: {error}") from error


def _lay_over(document: dict[str, Any], path: list[str], value: str) -> None:
    *sections, name = path
    for section in sections:
        document = document.setdefault(_spelling(document, section), {})
    document[_spelling(document, name)] = value


def _spelling(document: dict[str, Any], name: str) -> str:
    """Of a key that is there already, in whatever case."""
    return next((key for key in document if key.lower() == name.lower()), name)
