"""The catalogue is a contract: every type has a schema that is fresh, an example that validates, and an owner."""

import json
import sys
from pathlib import Path
from pkgutil import ModuleInfo
from types import ModuleType

import jsonschema
import pytest

from shared.events import Event, EventsLost, Unreadable, catalogue, decode, encode
from shared.events.catalogue import event_types, upcast
from shared.events.hubs import may_carry
from shared.events.schema import FOLDER, breaks, file_name, schema_of, text
from tests.unit.shared.events.examples import envelopes, every_example, files

TYPES = sorted(event_types().values(), key=lambda event_type: event_type.type)


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_has_a_fresh_schema(event_type: type[Event]) -> None:
    published = (FOLDER / file_name(event_type)).read_text()
    assert published == text(schema_of(event_type)), "run: python -m shared.events.schema"


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_has_an_example_that_its_schema_accepts(event_type: type[Event]) -> None:
    for example in every_example(event_type):
        jsonschema.validate(example.model_dump(mode="json"), schema_of(event_type))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.parent.parent.name)
def test_every_example_is_of_a_type_and_in_its_folder(path: Path) -> None:
    written = json.loads(path.read_bytes())["dataschema"].removeprefix("urn:sluice:")
    assert f"{path.parent.parent.name}:{path.parent.name}" == written
    assert decode(path.read_bytes()).data.type == path.parent.parent.name


def test_no_schema_is_left_of_a_type_that_is_gone() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} >= {file_name(event_type) for event_type in TYPES}
    assert {path.name.split(".v")[0] for path in FOLDER.glob("*.json")} == set(event_types())


@pytest.mark.parametrize("event_type", TYPES)
def test_types_are_named_subject_first_in_the_past(event_type: type[Event]) -> None:
    prefix, *rest = event_type.type.split(".")
    assert prefix == "mlops"
    assert len(rest) == 2


def test_what_is_encoded_is_decoded_to_the_same() -> None:
    for envelope in envelopes():
        assert decode(encode(envelope)) == envelope


def test_a_change_that_breaks_readers_is_found() -> None:
    old = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}
    new = {"properties": {"a": {"type": "number"}, "c": {"type": "string"}}, "required": ["a", "c"]}
    assert breaks(old, new) == ["c is now required", "a changed its shape", "b is gone"]
    assert breaks(old, {**old, "properties": {**old["properties"], "d": {"type": "string"}}}) == []  # type: ignore[dict-item]


@pytest.mark.parametrize("event_type", TYPES)
def test_a_hub_carries_only_its_own_types(event_type: type[Event]) -> None:
    hubs = ("events", "decisions", "predictions", "labels", "dead-letter")
    assert len([hub for hub in hubs if may_carry(hub, every_example(event_type)[0])]) == 1


def test_a_type_is_known_by_its_module_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a module in the folder: what the walk finds there, its readers read, on the hub that it names."""
    module = ModuleType("shared.events.novelties")
    novelty = type(
        "Novel", (EventsLost,), {"type": "mlops.novelty.seen", "carried_by": "labels", "__module__": module.__name__}
    )
    module.Novel = novelty  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(catalogue, "iter_modules", lambda *_: [ModuleInfo(None, module.__name__, False)])  # type: ignore[arg-type]
    assert catalogue.event_types.__wrapped__() == {"mlops.novelty.seen": novelty}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"type": "mlops.nothing.happened"}, "type"),
        ({"id": ""}, "id"),
        ({"time": "yesterday"}, "time"),
        ({"data": []}, "data"),
        ({"data": {"model": {"workspace": "w", "name": "n", "version": "1"}}}, "data.model.workspace"),
        ({"dataschema": "urn:sluice:mlops.model.registered:99"}, "dataschema"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], field: str) -> None:
    example = json.loads(next(p for p in files() if p.parent.parent.name == "mlops.model.registered").read_text())
    with pytest.raises(Unreadable, match=f"^{field}:"):
        decode(json.dumps({**example, **change}))


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"7", b"{" * 100_000])
def test_garbage_is_unreadable_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(body)


def test_an_unknown_type_names_itself() -> None:
    with pytest.raises(Unreadable, match="not in the catalogue"):
        upcast("mlops.unheard.of", 1, {})
