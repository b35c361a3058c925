"""Who serves is read from what is folded, wherever that is kept: of one endpoint, over all partitions."""

from datetime import timedelta

import pytest

from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.memory import MemoryFolds
from shared.ports import Folds, Instance, Place, Position
from shared.reactor.fold_codec import encode_state
from shared.serving import FOLD, FoldedInstances, Instances
from tests.contract.conftest import Account
from tests.support.builders import NOW, endpoint_ref

pytestmark = pytest.mark.azure_untested
ENDPOINT = endpoint_ref()


@pytest.fixture
async def folds(place: Account | None) -> Folds:
    return MemoryFolds() if place is None else TableFolds(place.storage.tables, await place.table("folds"))


async def fold(folds: Folds, partition: int, endpoint: str = "flights", /, **instances: int) -> None:
    """Instances by name, with how many seconds ago they reported."""
    found = {name: Instance(generation=partition, at=NOW - timedelta(seconds=ago)) for name, ago in instances.items()}
    states = {str(endpoint_ref(endpoint).entity): encode_state(Instances(found=found))}
    await folds.write(Place(FOLD, "predictions", partition), Position("", 1), states)


async def test_nobody_serves_what_nobody_reported(folds: Folds) -> None:
    assert await FoldedInstances(folds).of(ENDPOINT, NOW) == {}


async def test_the_newest_word_of_all_partitions_counts_and_the_silent_do_not(folds: Folds) -> None:
    await fold(folds, 1, a=2, b=1, gone=90)
    await fold(folds, 2, a=1, b=2)
    await fold(folds, 3, "elsewhere", c=1)
    found = await FoldedInstances(folds).of(ENDPOINT, NOW - timedelta(seconds=5))
    assert {name: instance.generation for name, instance in found.items()} == {"a": 2, "b": 1}


async def test_a_partition_that_cannot_be_read_does_not_hide_the_others(folds: Folds) -> None:
    await fold(folds, 1, a=1)
    await folds.write(Place(FOLD, "predictions", 2), Position("", 1), {str(ENDPOINT.entity): b"damaged"})
    assert list(await FoldedInstances(folds).of(ENDPOINT, NOW - timedelta(seconds=5))) == ["a"]
