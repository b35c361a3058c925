import pytest

from tests.unit.shared.reactor.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
