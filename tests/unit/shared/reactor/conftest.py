import pytest

from tests.unit.shared.reactor.bench import Bench
from tests.unit.shared.reactor.lane_bench import LaneBench


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def lane() -> LaneBench:
    return LaneBench()
