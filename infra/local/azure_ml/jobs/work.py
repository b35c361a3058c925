"""What is to run: a command with its environment, code, inputs and outputs, read from a job or from a pipeline step."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from infra.local.azure_ml.arm import bad_request, parse_asset
from infra.local.azure_ml.resources import Json
from infra.local.azure_ml.state import State

_DURATION = TypeAdapter(timedelta)


class JobFailed(Exception):
    """The job ends as Failed, for this reason."""


class Host(Protocol):
    """What runs jobs: commands take one of its slots, and it is told of those that were cancelled."""

    @property
    def slots(self) -> asyncio.Semaphore: ...

    def cancelled(self, path: str) -> None: ...


@dataclass(frozen=True)
class Uri:
    """An input that has to be brought here first."""

    uri: str


Value = str | Path | Uri


@dataclass(frozen=True)
class Work:
    """`outputs` maps names to types (`uri_folder`, `uri_file`, `custom_model` ...)."""

    command: str
    environment: str
    code: str | None
    inputs: dict[str, Value]
    outputs: dict[str, str]
    variables: dict[str, str]
    timeout_s: float

    def bound(self, values: dict[str, Value]) -> "Work":
        return replace(self, inputs=self.inputs | values)


def from_command(state: State, workspace: str, properties: Json) -> Work:
    """Raises `ArmError` 400 when the definition lacks something or names what does not exist."""
    return Work(
        command=_text(properties, "command"),
        environment=environment(state, workspace, properties.get("environmentId")),
        code=code(state, workspace, properties.get("codeId")),
        inputs={name: value(item) for name, item in (properties.get("inputs") or {}).items()},
        outputs={
            name: item.get("jobOutputType", "uri_folder") for name, item in (properties.get("outputs") or {}).items()
        },
        variables=dict(properties.get("environmentVariables") or {}),
        timeout_s=timeout_s(state, properties.get("limits")),
    )


def from_component(state: State, workspace: str, spec: Json, step: Json) -> Work:
    """A component's command; the step's own variables and limits win, its inputs are bound later."""
    limits = step.get("limits") or spec.get("limits")
    variables = spec.get("environment_variables") or {}
    return Work(
        command=_text(spec, "command"),
        environment=environment(state, workspace, spec.get("environment")),
        code=code(state, workspace, spec.get("code")),
        inputs=defaults(spec),
        outputs={name: item.get("type", "uri_folder") for name, item in (spec.get("outputs") or {}).items()},
        variables={**variables, **(step.get("environment_variables") or {})},
        timeout_s=timeout_s(state, limits),
    )


def defaults(spec: Json) -> dict[str, Value]:
    """The default values of a component's inputs."""
    inputs = spec.get("inputs") or {}
    return {name: str(item["default"]) for name, item in inputs.items() if item.get("default") is not None}


def value(item: Json) -> Value:
    """An input as jobs (camelCase) and pipeline steps (snake_case) write it."""
    if (uri := item.get("uri")) is not None:
        return Uri(str(uri))
    return str(item.get("value", ""))


def environment(state: State, workspace: str, reference: Any) -> str:
    """The name of an environment this machine can run; raises `ArmError` 400 naming those it can."""
    asset = parse_asset(str(reference or ""))
    if asset is None:
        raise bad_request(f"Environment '{reference}' is not the id of an environment.")
    if state.config.environment(asset.name):
        return asset.name
    known = ", ".join(sorted(state.config.environments)) or "none"
    raise bad_request(f"Environment '{asset.name}' cannot run on this machine; the configured ones are: {known}.")


def code(state: State, workspace: str, reference: Any) -> str | None:
    if not reference:
        return None
    asset = parse_asset(str(reference))
    if asset is None or state.resources.get(f"{workspace}/codes/{asset.name}/versions/{asset.version}") is None:
        raise bad_request(f"Code '{reference}' is not registered.")
    return str(reference)


def timeout_s(state: State, limits: Any) -> float:
    given = (limits or {}).get("timeout")
    if given is None:
        return state.config.job_time_limit_s
    try:
        return _DURATION.validate_python(given).total_seconds()
    except ValidationError as error:
        raise bad_request(f"limits.timeout '{given}' is not a duration.") from error


def _text(source: Json, field: str) -> str:
    text = source.get(field)
    if not isinstance(text, str) or not text.strip():
        raise bad_request(f"'{field}' must not be empty.")
    return text
