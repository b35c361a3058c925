"""What a document says in one place and contradicts in another, or in what is around it."""

from collections.abc import Iterator, Mapping

from shared.events.workspaces import STAGES
from shared.policies.common import Modes
from shared.policies.document import PolicyDocument
from shared.policies.finding import Problem
from shared.policies.layers import Path, part, says
from shared.policies.retention import Retention
from shared.policies.scope import Scope
from shared.policies.section import Section, sections


def disagreements(document: PolicyDocument, services: Mapping[str, bool]) -> Iterator[tuple[Path, Problem]]:
    yield from _endpoints(document)
    yield from _places(document)
    yield from _services(document, services)
    for scope in document.scopes():
        for kind in sections().values():
            yield from _lives(document, scope, kind)


def _endpoints(document: PolicyDocument) -> Iterator[tuple[Path, Problem]]:
    """One model serves one endpoint: of a second one, nothing would ever be heard."""
    models: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, endpoint in document.endpoints.items():
        other = models.setdefault(endpoint.model.lower(), name)
        if other != name and endpoint.model != "unknown":
            yield ("endpoints", name, "model"), Problem((), f"endpoint {other} is served by this model already")
        spelt = names.setdefault(name.lower(), name)
        if spelt != name:
            yield ("endpoints", name), Problem((), f"differs from endpoint {spelt} by case alone", of_key=True)


def _places(document: PolicyDocument) -> Iterator[tuple[Path, Problem]]:
    """Without an inventory, settings of another machine say which workspaces there are."""
    if not document.inventory:
        return
    known = (*STAGES, *document.workspace_ids)
    for key in document.workspaces:
        if key not in STAGES and not document.stages_of(key):
            yield ("workspaces", key), Problem((), "neither a stage nor one of our workspaces", known, of_key=True)
    projects = sorted({each.project for each in document.inventory if each.project})
    for key in document.projects:
        if key not in projects:
            yield ("projects", key), Problem((), "none of our workspaces is of this project", tuple(projects), True)
    subscriptions = sorted({each.subscription for each in document.inventory})
    for key in document.subscriptions:
        if key.lower() not in subscriptions:
            words = "none of our workspaces is in this subscription"
            yield ("subscriptions", key), Problem((), words, tuple(subscriptions), True)
    for name in document.endpoints:
        yield from _homes(document, name)


def _homes(document: PolicyDocument, name: str) -> Iterator[tuple[Path, Problem]]:
    own = document.endpoints[name]
    for stage in STAGES:
        found = document.candidates(stage, name)
        if len(found) == 1:
            continue
        said = own.workspace if stage == "production" else own.stages.get(stage)
        room = ("workspace",) if stage == "production" else ("stages", stage)
        ids = tuple(each.id for each in document.inventory if stage in each.stages)
        words = f"none of our workspaces of stage {stage}"
        if found and not said:
            words = f"must be named, since stage {stage} has {len(found)} workspaces"
        yield ("endpoints", name, *room), Problem((), words, ids if said else ())


def _services(document: PolicyDocument, services: Mapping[str, bool]) -> Iterator[tuple[Path, Problem]]:
    """Names of services in limits: that there is such a one, and that a mode may hold it."""
    for layer in document.every_layer():
        for kind in sections().values():
            for within, name in kind.names_services(part(layer.says, kind.section)):
                if name not in services:
                    choices = tuple(within[-1].removesuffix(name) + each for each in services)
                    problem = Problem((), "there is no such service", choices, of_key=True)
                    yield (*layer.path, kind.section, *within), problem
        for name, mode in part(layer.says, Modes.section).items():
            if mode != "act" and services.get(name) is False:
                words = "always acts: by it people are asked and told"
                yield (*layer.path, Modes.section, name), Problem((), words)


def _lives(document: PolicyDocument, scope: Scope, kind: type[Section]) -> Iterator[tuple[Path, Problem]]:
    """What these limits need for longer than it is kept; limits that do not hold in themselves are told of already."""
    try:
        retention, limits = document.section(Retention), document.section(kind, scope)
    except ValueError:
        return
    for need in limits.needs():
        kept_s, path = retention.kept_s(need.what), (kind.section, need.field)
        if need.seconds > kept_s:
            saying = [layer.path for layer in document.layers(scope) if says(layer.says, path)]
            days, name = f"{need.seconds / 86_400:.4g} days", f"{need.what}_days"
            words = f"{'.'.join(path)} needs {days} of {need.what}, retention.{name} is {kept_s / 86_400:.0f}"
            yield (*saying[-1], *path) if saying else ("defaults", Retention.section, name), Problem((), words)
