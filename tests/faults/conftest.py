"""One system for the room, and when the long campaign runs."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.system import System
from tests.faults.workload import policy


@pytest.fixture(scope="session")
def seed() -> int:
    """`FAULTS_SEED` replays a campaign."""
    return int(os.environ.get("FAULTS_SEED", "20260302"))


@pytest.fixture
def start_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], System]]:
    """`start_system(endpoints)`: all but control runs, and the Azure ML SDK of this process finds it, too."""
    with pytest.MonkeyPatch.context() as environment, ExitStack() as started:

        def start(endpoints: int) -> System:
            system = System(tmp_path_factory.mktemp("faults"), policy(endpoints))
            started.callback(system.stop)
            system.start()
            for name, value in system.identity("trainers").items():
                environment.setenv(name, value)
            return system

        yield start
