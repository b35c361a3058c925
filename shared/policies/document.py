"""The policy document: all limits, in one file, known by one digest.

Precedence: built in < `defaults` < the scenario's < the workspace's < the endpoint's; for what is no endpoint, its
subscription's, project's or registry's come over `defaults`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, model_validator

from shared.events import AssetName, EndpointRef, Entity, WorkspaceId, canonical
from shared.events.workspaces import Stage, Workspace
from shared.policies.common import JobLimits, Mode, Modes, OwnJob
from shared.policies.layers import Layer, merged, part
from shared.policies.scope import EVERYWHERE, Scope
from shared.policies.section import Rule, Scenario, Section
from shared.policies.upcast import to_version_2

_GROUPS = ("scenarios", "workspaces", "subscriptions", "projects", "registries")

# Scopes come from outside, too: what is not listed may have any name.
_MOST_SECTIONS = 4096

type Whose = Scope | EndpointRef | Entity | None


class InvalidPolicy(ValueError):
    """The policy document does not hold; the message names every field that is wrong."""


class EndpointPolicy(BaseModel):
    """What serves where: `model` is the registered model's name, `limits` overrides of single fields.

    `workspace` is where it serves: the only one of stage production, unless it is named. `stages` names the others
    where a stage has several workspaces and none of them is of the serving workspace's project.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: AssetName
    scenario: Scenario = "classical"
    workspace: WorkspaceId | None = None
    stages: dict[Literal["development", "staging"], WorkspaceId] = {}
    limits: dict[str, Any] = {}


class PolicyDocument(BaseModel):
    """`inventory` are the workspaces that are ours: settings name them, and the digest covers them.

    Layers of limits: `defaults`, `scenarios`, `workspaces` (by stage, or by id), `endpoints`; and by id or name for
    what is no endpoint `subscriptions`, `projects` and `registries`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[2] = 2
    inventory: tuple[Workspace, ...] = ()
    defaults: dict[str, Any] = {}
    scenarios: dict[Scenario, dict[str, Any]] = {}
    workspaces: dict[str, dict[str, Any]] = {}
    subscriptions: dict[str, dict[str, Any]] = {}
    projects: dict[str, dict[str, Any]] = {}
    registries: dict[str, dict[str, Any]] = {}
    endpoints: dict[AssetName, EndpointPolicy]

    @model_validator(mode="before")
    @classmethod
    def _of_this_version(cls, data: Any) -> Any:
        return to_version_2(data) if isinstance(data, Mapping) else data

    def __copy__(self) -> Self:
        """A copy may be given other fields: what was reckoned from these is forgotten."""
        copy = super().__copy__()
        for name in vars(copy).keys() - type(self).model_fields.keys():
            del vars(copy)[name]
        return copy

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(canonical(self.model_dump(mode="json"))).hexdigest()

    def section[S: Section](self, kind: type[S], of: Whose = None) -> S:
        """What holds there; an endpoint that is not listed has the classical limits. Raises `InvalidPolicy`."""
        scope = self.scope_of(of)
        found = self._sections.get((kind, scope))
        if found is None:
            values = merged(part(layer.says, kind.section) for layer in self.layers(scope))
            found = kind.model_validate(self._ruled(kind, scope, values))
            if len(self._sections) < _MOST_SECTIONS:
                self._sections[kind, scope] = found
        return cast(S, found)

    @cached_property
    def _sections(self) -> dict[tuple[type[Section], Scope], Section]:
        """What was found before: every decision asks, and no document ever changes."""
        return {}

    def job(self, kind: type[OwnJob], of: Whose = None) -> JobLimits:
        """The limits of this service's own jobs: what its section leaves open is as in section `jobs`."""
        layers = self.layers(self.scope_of(of))
        shared = merged(part(layer.says, JobLimits.section) for layer in layers)
        own = self.section(kind, of).model_dump(include=set(JobLimits.model_fields), exclude_none=True)
        return JobLimits.model_validate({**kind.usual, **shared, **own})

    def mode(self, service: str, of: Whose = None) -> Mode:
        found = self._modes.get((service, of))
        if found is None:
            found = self.section(Modes, of).of(service)
            if len(self._modes) < _MOST_SECTIONS:
                self._modes[service, of] = found
        return found

    @cached_property
    def _modes(self) -> dict[tuple[str, Whose], Mode]:
        """As `_sections`."""
        return {}

    def scenario(self, of: Whose) -> Scenario:
        own = self.listed(self.scope_of(of).endpoint)
        return own.scenario if own else "classical"

    def layers(self, scope: Scope) -> list[Layer]:
        """From the widest to the narrowest. An endpoint that serves in several stages' workspace has each of them."""
        found = [Layer(("defaults",), self.defaults)]
        if scope.endpoint:
            scenario = self.scenario(scope)
            found.append(Layer(("scenarios", scenario), self.scenarios.get(scenario, {})))
        for group, key in self._wider(scope):
            found.append(Layer((group, key), getattr(self, group).get(key, {})))
        own = self.listed(scope.endpoint)
        if own:
            found.append(Layer(("endpoints", self._spelt(scope.endpoint), "limits"), own.limits))
        return [layer for layer in found if layer.says]

    def every_layer(self) -> Iterator[Layer]:
        """All that is said of limits, wherever it stands."""
        yield Layer(("defaults",), self.defaults)
        for group in _GROUPS:
            for name, limits in getattr(self, group).items():
                yield Layer((group, name), limits)
        for name, endpoint in self.endpoints.items():
            yield Layer(("endpoints", name, "limits"), endpoint.limits)

    def scopes(self) -> list[Scope]:
        """Every set of layers that may come together: what is listed, and what is not, in each workspace."""
        homes = ["", *self.workspace_ids]
        found = [EVERYWHERE, *(Scope(endpoint="-", workspace=home) for home in homes)]
        found += [self.scope_named(name) for name in self.endpoints]
        found += [Scope(workspace=home) for home in homes if home]
        found += [Scope(subscription=name) for name in self.subscriptions]
        found += [Scope(project=name) for name in self.projects]
        return found + [Scope(registry=name) for name in self.registries]

    def scope_named(self, endpoint: str) -> Scope:
        """Of an endpoint by its name, in the workspace where it serves, as far as that is known."""
        found = self.candidates("production", endpoint)
        return Scope(endpoint=endpoint, workspace=found[0].id if len(found) == 1 else "")

    def _wider(self, scope: Scope) -> Iterator[tuple[str, str]]:
        if scope.workspace:
            for stage in self.stages_of(scope.workspace):
                yield "workspaces", stage
            for spelt in self.workspaces:
                if _same(spelt, scope.workspace):
                    yield "workspaces", spelt
        if scope.subscription:
            yield "subscriptions", scope.subscription
        if scope.project:
            yield "projects", scope.project
        if scope.registry:
            yield "registries", scope.registry

    def _ruled(self, kind: type[Section], scope: Scope, values: dict[str, Any]) -> dict[str, Any]:
        """The rules of a section, which hold whatever the layers say (R063, R072)."""
        if not scope.endpoint:
            return values
        scenario, narrower = self.scenario(scope), self.layers(scope)
        for rule in kind.rules:
            said = merged(part(each.says, kind.section) for each in narrower if each.path != ("defaults",))
            if scenario not in rule.scenarios:
                continue
            if said.get(rule.field) in rule.forbidden:
                raise InvalidPolicy(breach(kind, rule, said[rule.field], scenario, scope.endpoint))
            if values.get(rule.field, kind.model_fields[rule.field].default) in rule.forbidden:
                values = {**values, rule.field: rule.instead}
        return values

    def scope_of(self, of: Whose) -> Scope:
        """Whose limits concern it: an endpoint's, that of the endpoint a model or a file is for, or a wider thing's."""
        if of is None or isinstance(of, Scope):
            return of or EVERYWHERE
        if isinstance(of, EndpointRef):
            return Scope(endpoint=of.name, workspace=of.workspace)
        if of.kind == "endpoint":
            return Scope(endpoint=of.name, workspace=of.workspace)
        if of.kind in ("subscription", "project", "registry"):
            return Scope(**{of.kind: of.name})
        name = of.name.partition(":")[0]
        endpoint = {"model": self.endpoint_of(name), "file": name}.get(of.kind) if ":" in of.name else None
        return self.scope_of(self.endpoint_ref(endpoint)) if endpoint else Scope(workspace=of.workspace)

    def listed(self, endpoint: str) -> EndpointPolicy | None:
        """What the document says of it; names of endpoints differ by more than case."""
        return self.endpoints.get(self._spelt(endpoint))

    def _spelt(self, endpoint: str) -> str:
        """As the document spells it: entities are in lower case."""
        if endpoint in self.endpoints:
            return endpoint
        return next((name for name in self.endpoints if name.lower() == endpoint.lower()), endpoint)

    def endpoint_of(self, model: str) -> str | None:
        """The endpoint that this model serves, None if no endpoint names it."""
        return self._endpoints_by_model.get(model.lower())

    @cached_property
    def _endpoints_by_model(self) -> dict[str, str]:
        """By model, in lower case: a document in which two name one is refused."""
        return {endpoint.model.lower(): name for name, endpoint in self.endpoints.items()}

    def served_by(self, model: str) -> Entity | None:
        """The endpoint that this model serves. Raises `InvalidPolicy` when nothing says where that is."""
        found = self._served.get(model.lower())
        if found is None and (name := self.endpoint_of(model)):
            found = self._served[model.lower()] = self.endpoint_ref(name).entity
        return found

    @cached_property
    def _served(self) -> dict[str, Entity]:
        """By a listed endpoint's model, in lower case; as `_sections`."""
        return {}

    def endpoint_ref(self, name: str) -> EndpointRef:
        """Raises `InvalidPolicy` when nothing says where it serves."""
        return EndpointRef(workspace=self.workspace("production", name), name=name)

    @property
    def workspace_ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.inventory)

    def stages_of(self, workspace: str) -> tuple[Stage, ...]:
        return next((each.stages for each in self.inventory if _same(each.id, workspace)), ())

    def workspace(self, stage: Stage, endpoint: str = "") -> str:
        """The workspace of a stage that is an endpoint's; without a name, the only one. Raises `InvalidPolicy`."""
        found = self.candidates(stage, endpoint)
        if len(found) != 1:
            whose = f" of endpoint {endpoint}" if endpoint else ""
            ids = ", ".join(each.id for each in found) or "none"
            raise InvalidPolicy(f"workspace{whose}: exactly one of stage {stage} is required, found {ids}")
        return found[0].id

    def home(self, endpoint: str) -> str:
        """Where it serves; of a name that is not listed, the first workspace of stage production."""
        found = self.candidates("production", endpoint)
        return found[0].id if found else self.workspace("production", endpoint)

    def candidates(self, stage: Stage, endpoint: str = "") -> Sequence[Workspace]:
        """What is named; else those of the stage, narrowed to the serving workspace and then to its project."""
        own = self.listed(endpoint)
        named = _named(own, stage) if own else None
        if named:
            return [each for each in self.inventory if _same(each.id, named) and stage in each.stages]
        found = [each for each in self.inventory if stage in each.stages]
        serving = own.workspace if own else None
        home = next((each for each in self.inventory if serving and _same(each.id, serving)), None)
        if home is None or len(found) < 2:
            return found
        return [home] if home in found else [each for each in found if each.project == home.project] or found


def _named(own: EndpointPolicy, stage: Stage) -> str | None:
    return own.workspace if stage == "production" else own.stages.get(stage)


def _same(one: str, other: str) -> bool:
    return one.strip("/").lower() == other.strip("/").lower()


def breach(kind: type[Section], rule: Rule, value: Any, scenario: str, endpoint: str) -> str:
    """What is said of a document that tries to switch a rule off."""
    return (
        f"{kind.section}.{rule.field}: {value!r} is not allowed, since endpoint {endpoint} is of scenario {scenario}: "
        f"{rule.because}"
    )
