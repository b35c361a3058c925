"""The functions of an app, as the worker library indexed them, in typed form."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from infra.local.functions_host.app_settings import is_disabled, resolve_references
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.retries import NO_RETRY, RetryPolicy

_upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)


class _Binding(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)
    name: str


class HttpTrigger(_Binding):
    type: Literal["httpTrigger"]
    route: str | None = None
    methods: Sequence[str] | None = None
    auth_level: Annotated[Literal["ANONYMOUS", "FUNCTION", "ADMIN"], _upper] = "FUNCTION"


class TimerTrigger(_Binding):
    type: Literal["timerTrigger"]
    schedule: str
    run_on_startup: bool | None = False
    use_monitor: bool | None = True


class EventHubTrigger(_Binding):
    type: Literal["eventHubTrigger"]
    event_hub_name: str
    connection: str
    consumer_group: str = "$Default"
    cardinality: Annotated[Literal["ONE", "MANY"], _upper] = "MANY"
    data_type: Annotated[Literal["STRING", "BINARY", "STREAM", "UNDEFINED"], _upper] = "UNDEFINED"


class HttpOutput(_Binding):
    type: Literal["http"]


class EventHubOutput(_Binding):
    type: Literal["eventHub"]
    event_hub_name: str
    connection: str


class QueueOutput(_Binding):
    type: Literal["queue"]
    queue_name: str
    connection: str = ""


Trigger = HttpTrigger | TimerTrigger | EventHubTrigger
Output = HttpOutput | EventHubOutput | QueueOutput
_BINDINGS: dict[str, TypeAdapter[Any]] = {
    kind: TypeAdapter(model)
    for kind, model in {
        "httpTrigger": HttpTrigger,
        "timerTrigger": TimerTrigger,
        "eventHubTrigger": EventHubTrigger,
        "http": HttpOutput,
        "eventHub": EventHubOutput,
        "queue": QueueOutput,
    }.items()
}


# A name is part of blobs' names and of routes, and a tag of every measurement.
_NAME = re.compile(r"(?!host$)[A-Za-z][A-Za-z0-9_-]{0,127}", re.IGNORECASE)


@dataclass(frozen=True)
class Function:
    """`raw_bindings` are as the worker indexed them, settings not yet put in."""

    name: str
    id: str
    trigger: Trigger
    outputs: Sequence[Output]
    retry: RetryPolicy
    raw_bindings: Sequence[Mapping[str, Any]] = ()

    @property
    def is_disabled(self) -> bool:
        return is_disabled(self.name)


def read_functions(all_metadata: Sequence[Any]) -> list[Function]:
    """Every function of the app. Raises `HostError` naming the one that no host can run."""
    functions: dict[str, Function] = {}
    for metadata in all_metadata:
        function = read_function(metadata)
        other = functions.setdefault(function.name.lower(), function)
        if other is not function:
            raise HostError(f"functions {other.name!r} and {function.name!r} differ in case only")
    return list(functions.values())


def read_function(metadata: Any) -> Function:
    """One entry of the library's metadata. Raises `HostError` naming function and binding."""
    name: str = metadata.name
    if not _NAME.fullmatch(name):
        raise HostError(
            f"function {name!r}: a name is a letter, then letters, digits, _ and -, at most 128, not 'host'"
        )
    raw_bindings = [json.loads(raw) for raw in metadata.raw_bindings]
    bindings = [_read_binding(name, raw) for raw in raw_bindings]
    triggers = [binding for binding in bindings if isinstance(binding, Trigger)]
    if len(triggers) != 1:
        raise HostError(f"function {name!r}: needs exactly one trigger, has {len(triggers)}")
    outputs = [binding for binding in bindings if isinstance(binding, Output)]
    retry = _retry_policy(triggers[0], metadata)
    return Function(name, metadata.function_id, triggers[0], outputs, retry, raw_bindings)


def _read_binding(function: str, raw: dict[str, Any]) -> Trigger | Output:
    adapter = _BINDINGS.get(raw["type"])
    if adapter is None:
        raise HostError(f"function {function!r}: this host has no binding {raw['type']!r} ({raw.get('name')})")
    given = {attribute: value for attribute, value in raw.items() if value is not None}
    # The real host puts settings into every attribute but this one.
    route = {attribute: given.pop(attribute) for attribute in ("route",) if attribute in given}
    try:
        binding: Trigger | Output = adapter.validate_python(resolve_references(function, given) | route)
    except ValidationError as error:
        raise HostError(f"function {function!r}, binding {raw.get('name')!r}: {error}") from error
    return binding


def _retry_policy(trigger: Trigger, metadata: Any) -> RetryPolicy:
    # The real host honours retry policies for streams and timers only.
    if isinstance(trigger, HttpTrigger) or not metadata.HasField("retry_options"):
        return NO_RETRY
    return RetryPolicy.from_options(metadata.retry_options)
