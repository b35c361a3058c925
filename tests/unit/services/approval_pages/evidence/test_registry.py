"""A new kind is one new file with one test: the renderers are found, and nothing names them."""

from pathlib import Path
from types import ModuleType

import pytest

from services.approval_pages.evidence import kinds, registry
from services.approval_pages.evidence.registry import Renderer, renderers, show
from services.approval_pages.evidence.showing import Shown
from shared.approvals import Exhibit
from shared.events import RetrainingRequested
from tests.unit.services.approval_pages.evidence.kinds.showing import facts
from tests.unit.shared.events.examples import envelopes

_KIND = """
from pydantic import BaseModel
from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Shown

class Scan(BaseModel):
    image: str
    findings: int

renderer = Renderer("{kind}", Scan, lambda scan: Shown("Scan", (Facts((("Findings", str(scan.findings)),)),)))
"""


def files() -> list[str]:
    return sorted(path.stem for path in Path(kinds.__file__).parent.glob("*.py") if path.stem != "__init__")


def place(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A file more among the kinds."""
    (folder / f"new_kind_{kind[:4]}.py").write_text(_KIND.format(kind=kind))
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(folder)])
    renderers.cache_clear()


@pytest.fixture(autouse=True)
def _found_anew() -> object:
    yield
    renderers.cache_clear()


@pytest.mark.parametrize("name", files())
def test_each_kind_has_a_test_of_its_own(name: str) -> None:
    assert (Path(__file__).parent / "kinds" / f"test_{name}.py").is_file()


def test_a_kind_is_shown_as_soon_as_its_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exhibit = Exhibit(kind="scan", data={"image": "sluice", "findings": 3})
    assert "findings" in facts(show(exhibit))
    place(tmp_path, monkeypatch, "scan")
    assert (show(exhibit).title, facts(show(exhibit))) == ("Scan", {"Findings": "3"})


def test_two_files_for_one_kind_are_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path, monkeypatch, "staging_report")
    with pytest.raises(TypeError, match="staging_report"):
        renderers()


def test_whatever_an_event_is_it_can_be_shown() -> None:
    for envelope in envelopes():
        shown = show(Exhibit.of_event(envelope.data))
        assert isinstance(shown, Shown)
        assert shown.title


def test_data_of_another_shape_than_this_build_knows_is_shown_field_by_field() -> None:
    newer = Exhibit(kind=RetrainingRequested.type, version=99, data={"model_name": "flights", "cost": 12.5})
    odd = Exhibit(kind="staging_report", data={"verdict": 3})
    assert facts(show(newer)) == {"model name": "flights", "cost": "12.5"}
    assert facts(show(odd)) == {"verdict": "3"}


def test_the_registry_names_no_kind() -> None:
    module: ModuleType = registry
    source = Path(str(module.__file__)).read_text()
    assert [name for name in files() if name in source] == []
    assert all(isinstance(renderer, Renderer) for renderer in renderers().values())
