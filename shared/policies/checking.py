"""Everything that is wrong with a document, at once: what can never work, and what was surely meant otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from shared.events.workspaces import Workspace
from shared.policies.consistency import disagreements
from shared.policies.document import InvalidPolicy, PolicyDocument, breach
from shared.policies.finding import Finding, Problem, likely, problems, shown, spelt
from shared.policies.layers import Layer, Path, merged, part, says
from shared.policies.scope import Scope
from shared.policies.section import Section, sections
from shared.policies.upcast import earlier_names, source_path, to_version_2
from shared.policies.yaml_text import NotYaml, Source, read_yaml

# A document is mended as often to look further; whoever has more to mend looks again.
_MOST_ROUNDS = 50


def check(
    text: str, inventory: Sequence[Workspace], services: Mapping[str, bool]
) -> tuple[PolicyDocument | None, list[Finding]]:
    """The document, and what is wrong with it; None when it could not be read at all.

    `services` by name: whether a mode may hold them.
    """
    try:
        source = read_yaml(text)
    except NotYaml as error:
        return None, [Finding(*error.place, "", f"not YAML: {error}")]
    if not isinstance(source.data, Mapping):
        return None, [Finding(1, 1, "", "a mapping is required", f"{type(source.data).__name__} {shown(source.data)}")]
    looking = _Looking(source)
    again = {path for path, _ in source.repeated}
    for path, place in source.repeated:
        if any(path[:length] in again for length in range(1, len(path))):
            continue  # what lies in it stands there again as well
        looking.findings.add(Finding(*place, spelt(path), "stands here for the second time"))
    document = looking.structure(inventory)
    looking.limits(document)
    for path, problem in disagreements(document, services):
        looking.say(path, problem)
    return document, sorted(looking.findings)


class _Looking:
    def __init__(self, source: Source) -> None:
        self.source, self.findings = source, set[Finding]()

    def say(self, path: Path, problem: Problem) -> None:
        """`path` is as version 2 spells it; what is shown is where the text has it."""
        at = source_path(path, self.source.values)
        line, column = self.source.place(at, of_key=problem.of_key)
        found = at[-1] if problem.of_key else self._value(at)
        choices = (*problem.choices, *earlier_names(at)) if self._is_old else problem.choices
        meant = likely(found if problem.of_key else self._raw(at), choices) if problem.choices else ""
        self.findings.add(Finding(line, column, spelt(at), problem.text, found, meant))

    @property
    def _is_old(self) -> bool:
        return bool(self.source.data.get("version", 1) == 1)

    def _raw(self, path: Path) -> Any:
        here: Any = self.source.data
        for name in path:
            here = here[int(name)] if isinstance(here, list) else here.get(name) if isinstance(here, Mapping) else None
        return here

    def _value(self, path: Path) -> str:
        return shown(self._raw(path)) if path in self.source.values else ""

    def structure(self, inventory: Sequence[Workspace]) -> PolicyDocument:
        """Read it; what does not hold is told and left out, so that the rest can be looked at, too."""
        data = to_version_2(deepcopy(self.source.data))
        data.setdefault("inventory", [each.model_dump() for each in inventory])
        for _ in range(_MOST_ROUNDS):
            try:
                return PolicyDocument.model_validate(data)
            except ValidationError as error:
                for problem in problems(error.errors(), data, PolicyDocument.model_json_schema()):
                    self.say(problem.loc, problem)
                    _mend(data, problem)
        return PolicyDocument(inventory=tuple(inventory), endpoints={})

    def limits(self, document: PolicyDocument) -> None:
        for layer in document.every_layer():
            for name, value in layer.says.items():
                if name not in sections():
                    self.say((*layer.path, name), Problem((), "unknown section", tuple(sections()), of_key=True))
                elif not isinstance(value, Mapping):
                    self.say((*layer.path, name), Problem((), "a mapping is required"))
                elif sections()[name].undivided and layer.path != ("defaults",):
                    words = "holds for everything alike: only `defaults` may say it"
                    self.say((*layer.path, name), Problem((), words, of_key=True))
        for scope in document.scopes():
            for kind in sections().values():
                for path, problem in (*_of_section(document, scope, kind), *_beside_others(document, scope, kind)):
                    self.say(path, problem)


def _mend(data: dict[str, Any], problem: Problem) -> None:
    """Leave out what is wrong, put in what is missing, so that reading gets further."""
    *rooms, name = problem.loc or ("",)
    here: Any = data
    for room in rooms:
        here = here[int(room)] if isinstance(here, list) else here[room]
    if problem.text == "is required":
        here[name] = {} if name == "endpoints" else "unknown"
    elif isinstance(here, list):
        here.clear()
    else:
        here.pop(name, None)


def _of_section(document: PolicyDocument, scope: Scope, kind: type[Section]) -> Iterator[tuple[Path, Problem]]:
    layers = [layer for layer in document.layers(scope) if part(layer.says, kind.section)]
    values = merged(part(layer.says, kind.section) for layer in layers)
    try:
        kind.model_validate(values)
    except ValidationError as error:
        for problem in problems(error.errors(), values, kind.model_json_schema()):
            yield (*_sayer(layers, (kind.section, *problem.loc)), kind.section, *problem.loc), problem
    if not scope.endpoint:
        return
    for rule in kind.rules:
        narrower = [layer for layer in layers if layer.path != ("defaults",)]
        said = merged(part(layer.says, kind.section) for layer in narrower).get(rule.field)
        scenario = document.scenario(scope)
        if scenario in rule.scenarios and said in rule.forbidden:
            path = (kind.section, rule.field)
            words = breach(kind, rule, said, scenario, scope.endpoint).partition(": ")[2]
            yield (*_sayer(narrower, path), *path), Problem((), words)


def _beside_others(document: PolicyDocument, scope: Scope, kind: type[Section]) -> Iterator[tuple[Path, Problem]]:
    """What another section makes impossible of what is said here; what is built in may come to nothing."""
    layers = document.layers(scope)
    said = merged(part(layer.says, kind.section) for layer in layers)
    try:
        found = list(document.section(kind, scope).impossible(lambda other: document.section(other, scope)))
    except (ValidationError, InvalidPolicy):
        return  # said of the section that is wrong
    for field, words in found:
        if field in said:
            path = (kind.section, field)
            yield (*_sayer(layers, path), *path), Problem((), words)


def _sayer(layers: list[Layer], path: Path) -> Path:
    """The narrowest layer that says something of this field, or of what is around it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if says(layer.says, path[:length]):
                return layer.path
    return ()
