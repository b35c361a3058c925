"""The scoring app through each of its doors, with a hub of its own and the session's storage."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer
from tests.support.scoring_app import Door, HubReader, ScoringApp, make_containers

type MakeApp = Callable[..., ScoringApp]


@pytest.fixture(params=["functions", "server"])
def door(request: pytest.FixtureRequest) -> Door:
    found: Door = request.param
    return found


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    with EventHubsServer(tmp_path_factory.mktemp("hubs"), {"predictions": 2}) as server:
        yield server


@pytest.fixture
async def make_app(
    door: Door, tmp_path: Path, azurite: Azurite, predictions: EventHubsServer
) -> AsyncIterator[MakeApp]:
    await make_containers(azurite)
    made: list[ScoringApp] = []

    def make(hub: str = "", **settings: str) -> ScoringApp:
        connection = hub or predictions.connection_string("predictions")
        name = f"flights-{uuid4().hex[:8]}"
        made.append(ScoringApp(door, tmp_path / name, azurite, connection, name, **settings))
        return made[-1]

    yield make
    for app in made:
        if app.process is not None:
            app.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as found:
        yield found


@pytest.fixture
async def app(make_app: MakeApp, session: aiohttp.ClientSession) -> ScoringApp:
    """Running, with version 1 in service."""
    found = make_app()
    await found.serve(await found.adopt())
    await found.start()
    await found.serves(session, "1")
    return found


@pytest.fixture
async def hub(app: ScoringApp, predictions: EventHubsServer) -> AsyncIterator[HubReader]:
    reader = HubReader(predictions, app.endpoint)
    yield reader
    await reader.close()
