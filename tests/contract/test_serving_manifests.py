"""Every store of serving manifests changes by compare-and-swap alone."""

import asyncio

import pytest

from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.adapters.memory import MemoryServingManifests
from shared.events import EndpointRef
from shared.ports import Manifest, Moved, Route, ServingManifests
from tests.contract.conftest import Account
from tests.contract.examples import ENDPOINT, NOON, PACKAGE

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def manifests(place: Account | None) -> ServingManifests:
    if place is None:
        return MemoryServingManifests()
    return BlobServingManifests(place.storage.blobs, await place.container("serving"))


def manifest(generation: int, changed_by: str = "effect-1") -> Manifest:
    return Manifest(
        endpoint=ENDPOINT,
        generation=generation,
        routes=(Route(package=PACKAGE),),
        changed_by=changed_by,
        changed_at=NOON,
    )


async def test_nothing_is_served_at_first(manifests: ServingManifests) -> None:
    assert await manifests.read(ENDPOINT) == Manifest(endpoint=ENDPOINT)


async def test_a_swap_replaces_the_generation_before_it(manifests: ServingManifests) -> None:
    for generation in (1, 2, 3):
        await manifests.swap(manifest(generation))
    assert await manifests.read(ENDPOINT) == manifest(3)


async def test_a_repeated_swap_changes_nothing(manifests: ServingManifests) -> None:
    await manifests.swap(manifest(1))
    await manifests.swap(manifest(1))
    assert (await manifests.read(ENDPOINT)).generation == 1


@pytest.mark.parametrize("generation", [0, 1, 2, 4])
async def test_a_swap_over_another_generation_is_moved(manifests: ServingManifests, generation: int) -> None:
    await manifests.swap(manifest(1))
    await manifests.swap(manifest(2))
    with pytest.raises(Moved):
        await manifests.swap(manifest(generation, changed_by="effect-2"))
    assert await manifests.read(ENDPOINT) == manifest(2)


@pytest.mark.parametrize("before", [0, 1])
async def test_of_eight_racing_swaps_exactly_one_wins(manifests: ServingManifests, before: int) -> None:
    for generation in range(1, before + 1):
        await manifests.swap(manifest(generation))
    swaps = (manifests.swap(manifest(before + 1, f"effect-{n}")) for n in range(8))
    outcomes = await asyncio.gather(*swaps, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Moved] * 7
    winner = outcomes.index(None)
    assert await manifests.read(ENDPOINT) == manifest(before + 1, f"effect-{winner}")


async def test_what_was_ever_served_in_a_workspace_is_listed_by_name(manifests: ServingManifests) -> None:
    assert await manifests.served(ENDPOINT.workspace) == ()
    elsewhere = ENDPOINT.workspace.replace("workspaces/", "workspaces/no-")
    assert elsewhere != ENDPOINT.workspace
    for workspace, name in ((ENDPOINT.workspace, "Trains"), (ENDPOINT.workspace, "a-b_c.d"), (elsewhere, "ships")):
        endpoint = EndpointRef(workspace=workspace, name=name)
        await manifests.swap(Manifest(endpoint=endpoint, generation=1, changed_by="effect-1"))
    found = await manifests.served(ENDPOINT.workspace.upper())
    assert [each.name for each in found] == ["a-b_c.d", "trains"]
    assert [(await manifests.read(each)).endpoint.name for each in found] == ["a-b_c.d", "Trains"]
    assert [each.name for each in await manifests.served(elsewhere)] == ["ships"]
