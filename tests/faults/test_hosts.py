"""Two control hosts on the same storage: partitions change hands, and nothing is lost or doubled."""

import subprocess
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import pytest
from azure.storage.blob import BlobServiceClient

from tests.faults.conftest import StartSystem
from tests.faults.stories import Stories
from tests.faults.system import System
from tests.local.functions_host.conftest import QUICK
from tests.support.eventually import eventually

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(900)]

PARTITIONS = 2


@contextmanager
def host(system: System, name: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A machine of its own with the control app on it, ready."""
    process = system.run(["infra.local.functions_host", *system.host_arguments(name)], **{**QUICK, **settings})
    try:
        eventually((system.folder / f"{name}.ready").exists)
        yield process
    finally:
        process.kill()
        process.wait(timeout=120)


def owners(system: System) -> dict[str, set[str]]:
    """Of each reader of hub `events`: who owns its partitions. A partition that was given back has no owner."""
    with BlobServiceClient.from_connection_string(system.azurite.connection_string) as blobs:
        claims = list(blobs.get_container_client("azure-webjobs-eventhub").list_blobs(include=["metadata"]))
    found: dict[str, set[str]] = {}
    for claim in claims:
        place, _, _ = claim.name.partition("/ownership/")
        if "/events/" in place and place != claim.name and claim.metadata.get("ownerid"):
            found.setdefault(place, set()).add(claim.metadata["ownerid"])
    return found


def are_shared(system: System) -> bool:
    return bool(found := owners(system)) and all(len(each) == PARTITIONS for each in found.values())


def are_taken_over(system: System, before: dict[str, set[str]]) -> bool:
    """Every reader's partitions have one owner, who had only one of them before."""
    return all(len(each) == 1 and each < before[place] for place, each in owners(system).items())


async def test_partitions_go_from_host_to_host_and_nothing_is_lost_or_doubled(
    only_when_asked: None, start_system: StartSystem
) -> None:
    system = start_system(12, partitions=PARTITIONS)
    async with aclosing(Stories(system)) as stories:
        await stories.world.prepare()
        with host(system, "one") as one:
            await stories.launch(2)
            await stories.until_all_have("mlops.model.registered")
            with host(system, "two"):
                await stories.launch(2)
                eventually(lambda: are_shared(system))
                shared = owners(system)
                await stories.launch(2)
                await stories.until_all_have("mlops.staging.started")
                one.kill()
                eventually(lambda: are_taken_over(system, shared))
                await stories.launch(2)
                await stories.run_out()
        await stories.nothing_lost_or_doubled()
