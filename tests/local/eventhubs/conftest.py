"""Consumers are closed before the event loop of their test ends."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.local.eventhubs.reading import all_closed


@pytest_asyncio.fixture(autouse=True)
async def consumers_closed() -> AsyncIterator[None]:
    """For tests with a loop of their own; consumers on the session's loop go on closing behind the next test."""
    yield
    await all_closed()
