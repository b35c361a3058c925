"""What is deployed, for tests of what looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.sites import Sites, deployed


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    with deployed(tmp_path) as found:
        yield found
