"""Each app is a thin door of its own kind (design 2)."""

import ast
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.tree import ROOT, syntax

_DOORS = {path.parent.name: path for path in sorted((ROOT / "function_app").glob("*/function_app.py"))}
_MAY = {"control": {"event_hub", "timer"}, "gateway": {"http"}, "scoring": {"http"}}


@pytest.mark.parametrize("app", _DOORS)
def test_an_app_has_only_triggers_of_its_kind(app: str) -> None:
    assert rules.triggers(syntax(_DOORS[app])) == _MAY[app]


@pytest.mark.parametrize(
    ("line", "kind"),
    [("@app.route('x')\ndef f(): ...", "http"), ("app.event_hub_message_trigger()", "event_hub")],
)
def test_a_trigger_is_noticed_however_it_is_declared(line: str, kind: str) -> None:
    assert rules.triggers(ast.parse(line)) == {kind}


@pytest.mark.parametrize("app", _DOORS)
def test_a_door_is_thin(app: str) -> None:
    assert rules.thick(_DOORS[app]) == []


def test_a_thick_door_is_noticed(tmp_path: Path) -> None:
    door = tmp_path / "function_app.py"
    door.write_text("class Logic: ...\n" + "\n" * rules.LONGEST_DOOR)
    assert len(rules.thick(door)) == 2
