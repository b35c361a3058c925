"""Hosts for these tests, over one Azurite and one Event Hubs server."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from tests.local.functions_host.running_host import RunningHost
from tests.support.azurite import Azurite
from tests.support.eventhubs import EventHubsServer, HubSpec

# Seconds instead of a minute until another host takes over what a killed one held.
QUICK = {
    "AzureFunctionsJobHost__extensions__eventHubs__loadBalancingUpdateInterval": "00:00:00.5",
    "AzureFunctionsJobHost__extensions__eventHubs__partitionOwnershipExpirationInterval": "00:00:03",
    "AzureFunctionsJobHost__singleton__listenerLockPeriod": "00:00:15",
    "AzureFunctionsJobHost__singleton__listenerLockRecoveryPollingInterval": "00:00:00.2",
}
_HUBS = ("single", "failing", "retried", "unreadable", "texts", "untyped", "source", "sink")
_HELD = (
    "killed",
    "stopped",
    "endless",
    "batched",
    "rare",
    "late",
    "again",
    "taken",
    "stuck",
    "overrun",
    "overran",
    "woken",
)


class StartHost(Protocol):
    """Start a host of one's own; it is ended after the test."""

    def __call__(self, app: str, settings: Mapping[str, str] = ..., arguments: Sequence[str] = ...) -> RunningHost: ...


@pytest.fixture(scope="session")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHubsServer]:
    specs = [
        *(HubSpec(name, 1) for name in (*_HUBS, *_HELD)),
        HubSpec("many", 2),
        HubSpec("shared", 4),
        HubSpec("scaled", 2),
    ]
    with EventHubsServer(tmp_path_factory.mktemp("hubs"), specs) as server:
        yield server


@pytest.fixture(scope="session")
def connections(azurite: Azurite, hubs: EventHubsServer) -> dict[str, str]:
    return {"AzureWebJobsStorage": azurite.connection_string, "EVENTS": hubs.connection_string(), **QUICK}


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[StartHost]:
    started: list[RunningHost] = []

    def start(app: str, settings: Mapping[str, str] = {}, arguments: Sequence[str] = ()) -> RunningHost:
        host = RunningHost(app, tmp_path / f"host-{len(started)}", settings, arguments)
        started.append(host)
        return host

    yield start
    for host in started:
        host.end()


@pytest.fixture(scope="session")
def hubs_host(tmp_path_factory: pytest.TempPathFactory, connections: dict[str, str]) -> Iterator[RunningHost]:
    """One host over the app `hubs`, whose functions each have a hub of their own."""
    host = RunningHost("hubs", tmp_path_factory.mktemp("hubs-host"), {**connections, "MANY": "many"})
    yield host.start()
    host.end()
