"""One system for the room, and when the long campaign runs."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from tests.faults.stories import Stories
from tests.faults.system import System
from tests.faults.workload import policy

STEADY_ENDPOINTS = 40


class StartSystem(Protocol):
    """`options` are those of `System`."""

    def __call__(self, endpoints: int, **options: Any) -> System: ...


@pytest.fixture(scope="session")
def seed() -> int:
    """`FAULTS_SEED` replays a campaign."""
    return int(os.environ.get("FAULTS_SEED", "20260302"))


@pytest.fixture
def only_when_asked(request: pytest.FixtureRequest) -> None:
    """Long: runs when faults are asked for, as `make test-faults` does."""
    if "faults" not in str(request.config.getoption("markexpr")):
        pytest.skip("long: runs with -m faults, that is `make test-faults`")


def trainers_of(system: System, environment: pytest.MonkeyPatch) -> None:
    """The Azure ML SDK of this process acts as the trainers."""
    for name, value in system.identity("trainers").items():
        environment.setenv(name, value)


@pytest.fixture(scope="session")
def steady_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One for all tests that need no system of their own; nothing in it dies by itself."""
    system = System(tmp_path_factory.mktemp("steady"), policy(STEADY_ENDPOINTS))
    with ExitStack() as started:
        started.callback(system.stop)
        system.start()
        yield system


@pytest.fixture
async def stories(
    only_when_asked: None, steady_system: System, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stories]:
    """This test's stories on the steady system."""
    trainers_of(steady_system, monkeypatch)
    stories = Stories(steady_system)
    await stories.world.prepare()
    yield stories
    steady_system.hold.unlink(missing_ok=True)
    steady_system.azure_ml.admin("DELETE", "/admin/faults")
    await stories.aclose()


@pytest.fixture
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSystem]:
    """All but control runs, and the Azure ML SDK of this process finds it, too."""
    with pytest.MonkeyPatch.context() as environment, ExitStack() as started:

        def start(endpoints: int, **options: Any) -> System:
            system = System(tmp_path_factory.mktemp("faults"), policy(endpoints), **options)
            started.callback(system.stop)
            system.start()
            trainers_of(system, environment)
            return system

        yield start
