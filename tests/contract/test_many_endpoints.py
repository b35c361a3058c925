"""Any number of endpoints: each has its own row, and a batch costs what it touches (states as monitoring has them)."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.monitoring.limits import MonitoringLimits
from services.monitoring.windows import Stream, fold_block
from shared.adapters.azure.storage.folds import TableFolds
from shared.adapters.memory import MemoryFolds
from shared.events import PredictionsCaptured
from shared.ports import Folds, Message, Place
from shared.profiles import Reference
from shared.reactor import FoldResult, Row, folded_states
from tests.contract.conftest import Account
from tests.support.builders import NOW, endpoint_ref, package_ref
from tests.unit.shared.reactor.sums import Sums, labels

pytestmark = [pytest.mark.azure_untested, pytest.mark.timeout(600)]
_BATCH = 250


def stream(features: int) -> Stream:
    """Two open windows of a row each."""
    names = [f"feature_{number}" for number in range(features)]
    cells = [number / 50 for number in range(50)]
    reference = Reference.build(
        dict.fromkeys(names, cells), dict.fromkeys(names, "numeric"), prediction=("probability", cells), labels=None,
        package=package_ref().digest,
    )  # fmt: skip
    block = PredictionsCaptured(
        endpoint=endpoint_ref(), package=package_ref(), keys=("a", "b"), observed_at=(NOW - timedelta(days=8), NOW),
        inputs=dict.fromkeys(names, (0.1, 0.9)), outputs={"probability": (0.1, 0.9)},
    )  # fmt: skip
    return fold_block(Stream(), block, reference, MonitoringLimits(), NOW)


async def fold_all(folds: Folds, endpoints: int, features: int) -> Sums:
    """A message for each endpoint, then one more for every tenth."""
    after = stream(features)

    async def fold(state: Stream, rows: Sequence[Row]) -> FoldResult[Stream]:
        return FoldResult(after.model_copy(update={"late_rows": state.late_rows + len(rows)}))

    sums = Sums(fold, Stream, folds=folds)
    order = [*range(endpoints), *range(0, endpoints, 10)]
    messages: list[Message] = [labels(place, f"endpoint-{number}") for place, number in enumerate(order)]
    for start in range(0, len(messages), _BATCH):
        await sums.fold(*messages[start : start + _BATCH])
    return sums


async def check(folds: Folds, sums: Sums, endpoints: int) -> None:
    assert sums.buried() == {}
    position = await folds.position(Place("sums", "labels", 0))
    assert position is not None
    assert position.sequence == endpoints + len(range(0, endpoints, 10)) - 1
    for number in (0, 1, endpoints // 2 // 10 * 10, endpoints - 1):
        entity = endpoint_ref(f"endpoint-{number}").entity
        (found,) = (await folded_states(folds, "sums", "labels", entity, Stream)).values()
        assert found is not None
        assert (found.late_rows, len(found.parts)) == (1 + (number % 10 == 0), 2)


@pytest.mark.parametrize(("endpoints", "features"), [(10_000, 30), (500, 1_000)])
async def test_ten_thousand_endpoints_or_a_thousand_features_stop_nobody(endpoints: int, features: int) -> None:
    folds = MemoryFolds()
    await check(folds, await fold_all(folds, endpoints, features), endpoints)


async def test_three_hundred_endpoints_in_storage(account: Account) -> None:
    folds = TableFolds(account.storage.tables, await account.table("folds"))
    await check(folds, await fold_all(folds, 300, 30), 300)
