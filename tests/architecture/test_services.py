"""Every service is whole, tested, hosted once, and given whatever it knows (R025: how a reaction is added)."""

import ast
from pathlib import Path

import pytest

from infra.local import topology
from services import deciding
from shared.events import EventsLost
from shared.events.catalogue import event_types
from shared.reactor import Service
from tests.architecture import declarations, rules
from tests.architecture.tree import ROOT, imported_services, python_files, service_folders, syntax
from tests.support.world import SERVICES

_FOLDERS = {folder.name: folder for folder in service_folders()}
# The guard of the form draws a secret that nobody can foresee; nothing is decided by it.
_DRAWS = ROOT / "services" / "approval_pages" / "csrf.py"
_DECIDING = sorted(_FOLDERS.keys() - rules.NOT_DECIDING)


def hosts() -> dict[str, set[str]]:
    """The services of each deployable app: what it imports, and what is found for it."""
    apps = sorted(path.parent for path in (ROOT / "function_app").glob("*/function_app.py"))
    imported = {
        app.name: set().union(*map(imported_services, python_files(f"function_app/{app.name}"))) & _FOLDERS.keys()
        for app in apps
    }
    return {app: names | set(deciding(app)) for app, names in imported.items()}


def consumer_groups() -> dict[str, tuple[str, ...]]:
    return {hub.name: hub.consumer_groups for hub in topology.HUBS}


@pytest.mark.parametrize("name", _DECIDING)
def test_a_deciding_service_has_its_three_files_and_a_mirrored_test(name: str) -> None:
    decides = bool(SERVICES[name].reactions)
    assert rules.incomplete(_FOLDERS[name], decides=decides) == []
    assert rules.untested(name, ROOT / "tests", decides=decides) == []


def test_a_service_without_policy_or_test_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "hasty"
    folder.mkdir()
    (folder / "__init__.py").touch()
    assert rules.incomplete(folder) == ["hasty: reactions.py is missing", "hasty: policy is missing"]
    assert rules.untested("hasty", tmp_path) != []


def test_the_deciding_services_are_those_that_the_rehearsals_run() -> None:
    assert sorted(SERVICES) == _DECIDING


@pytest.mark.parametrize("name", _DECIDING)
def test_a_service_bears_the_name_of_its_folder(name: str) -> None:
    assert SERVICES[name].name == name


def test_every_service_is_hosted_by_exactly_one_app() -> None:
    assert rules.wrongly_hosted(_FOLDERS, hosts()) == []


def test_a_service_that_is_hosted_twice_or_never_is_noticed() -> None:
    twice = {"control": {"drift"}, "gateway": {"drift"}}
    found = rules.wrongly_hosted(["drift", "lost"], twice)
    assert found == ["drift: hosted by ['control', 'gateway']", "lost: hosted by no app"]


def test_every_hub_keeps_consumer_groups_free() -> None:
    assert rules.crowded(consumer_groups()) == []


def test_a_crowded_hub_is_noticed() -> None:
    assert rules.crowded({"events": [f"group-{n}" for n in range(19)]}) == ["events: 19 groups"]


@pytest.mark.parametrize("path", python_files("services"), ids=lambda path: str(path.relative_to(ROOT)))
def test_services_read_no_clock_no_environment_and_no_chance(path: Path) -> None:
    found = rules.ambient(syntax(path))
    assert [what for what in found if path != _DRAWS or not what.endswith("secrets")] == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)", "datetime.datetime.now()", "uuid.uuid4()", "from uuid import uuid4", "import random",
        "os.environ['HOME']", "time.time()", "from os import getenv", "from time import time",
    ],
)  # fmt: skip
def test_whatever_is_not_given_is_noticed(line: str) -> None:
    assert rules.ambient(ast.parse(line)) != []


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_reactions_hear_and_emit_what_the_catalogue_has(service: Service) -> None:
    for event_type, reaction in service.reactions.items():
        for named in (event_type, *reaction.emits):
            assert event_types().get(named.type) is named


@pytest.mark.parametrize("path", python_files("services"), ids=lambda path: str(path.relative_to(ROOT)))
def test_whatever_decides_lies_in_a_policy(path: Path) -> None:
    assert rules.stray_decisions(path.relative_to(ROOT), syntax(path)) == []


def test_a_decision_outside_of_a_policy_is_noticed() -> None:
    hidden = ast.parse("async def decide_to_stop() -> None: ...")
    assert rules.stray_decisions(Path("services/drift/reactions.py"), hidden) == ["reactions.py: decide_to_stop"]
    assert rules.stray_decisions(Path("services/drift/policy/stopping.py"), hidden) == []


def test_an_event_outside_the_catalogue_is_noticed() -> None:
    class Stray(EventsLost):
        type = "mlops.stray.noticed"

    assert event_types().get(Stray.type) is not Stray


@pytest.mark.parametrize("path", declarations.files(), ids=lambda path: path.name)
def test_what_follows_from_the_declarations_is_fresh(path: Path) -> None:
    assert path.read_text() == declarations.files()[path], "run python -m tests.architecture.declarations"


def test_the_page_names_every_reaction() -> None:
    text = declarations.page()
    for name, service in SERVICES.items():
        assert f"## {name}\n" in text
        for event_type in service.reactions:
            assert f"| `{event_type.type}` |" in text
