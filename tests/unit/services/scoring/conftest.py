"""A scoring instance with version 1 of the small model loaded."""

import pytest

from tests.support.scoring import Bench


@pytest.fixture
async def bench() -> Bench:
    found = Bench()
    await found.serve(await found.adopt())
    await found.follower.step()
    return found
