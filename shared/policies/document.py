"""The policy document: all limits, in one file, known by one digest.

Precedence: built-in scenario defaults < the document's `defaults` < the endpoint's own section.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.events import AssetName, Entity, WorkspaceId, canonical
from shared.policies.limits import Limits

type Overrides = Mapping[str, Any]

# The one in C is many times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# R060-R063, R072: computer vision and language models are never retrained by themselves.
_SCENARIOS: dict[str, Overrides] = {
    "classical": {},
    "cv": {"drift": {"action": "notify"}},
    "nlp": {"drift": {"action": "notify"}},
}


class InvalidPolicy(ValueError):
    """The policy document does not hold; the message names the field."""


class EndpointPolicy(BaseModel):
    """What serves where: `model` is the registered model's name, `limits` overrides of single fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: AssetName
    scenario: Literal["classical", "cv", "nlp"] = "classical"
    limits: dict[str, Any] = {}


class PolicyDocument(BaseModel):
    """`workspaces` names the three Azure ML workspaces by their resource ids."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    workspaces: dict[Literal["development", "staging", "production"], WorkspaceId]
    defaults: dict[str, Any] = {}
    endpoints: dict[AssetName, EndpointPolicy]

    @classmethod
    def from_yaml(cls, text: str, workspaces: Mapping[str, str] | None = None) -> Self:
        """Read the document; `workspaces` from settings fill in what it leaves open. Raises `InvalidPolicy`."""
        try:
            data = yaml.load(text, _LOADER) or {}  # noqa: S506 - both are safe loaders
            data.setdefault("workspaces", dict(workspaces or {}))
            document = cls.model_validate(data)
            for name in document.endpoints:
                document.limits(name)
            if "scenario" in document.defaults:
                raise InvalidPolicy("defaults.scenario: a scenario is chosen for each endpoint")
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidPolicy(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        except (yaml.YAMLError, AttributeError) as error:
            raise InvalidPolicy(f"not a YAML mapping: {error}") from error
        return document

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(canonical(self.model_dump(mode="json"))).hexdigest()

    def limits(self, endpoint: str) -> Limits:
        """What holds for this endpoint; one that is not listed gets the classical defaults."""
        own = self.endpoints.get(endpoint)
        scenario = own.scenario if own else "classical"
        layers = (_SCENARIOS[scenario], self.defaults, own.limits if own else {})
        merged: dict[str, Any] = {"scenario": scenario}
        for layer in layers:
            merged = _merged(merged, layer)
        return Limits.model_validate(merged)

    def limits_of(self, scope: Entity) -> Limits:
        """What holds for this thing. Entities are in lower case, endpoints may be written in any."""
        names = (name for name in self.endpoints if scope.kind == "endpoint" and name.lower() == scope.name)
        return self.limits(next(names, ""))

    def endpoint_of(self, model: str) -> str | None:
        """The endpoint that this model serves, None if no endpoint names it."""
        names = (name for name, endpoint in self.endpoints.items() if endpoint.model.lower() == model.lower())
        return next(names, None)


def _merged(below: Overrides, above: Overrides) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        inner = result.get(name)
        deeper = isinstance(inner, Mapping) and isinstance(value, Mapping)
        result[name] = _merged(inner or {}, value) if deeper else value
    return result
