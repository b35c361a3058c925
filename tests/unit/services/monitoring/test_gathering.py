"""A window is complete when every partition of the hub has passed it, and who has not met the endpoint has not."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from services.monitoring.folding import References
from services.monitoring.reactions import gather_window
from services.monitoring.windows import Stream
from shared.adapters.memory import MemoryEvidence, MemoryFolds, MemoryServingManifests
from shared.events import Window, WindowFolded, canonical
from shared.ports import Place, Position
from shared.profiles import Profile
from shared.reactor.fold_codec import encode_state
from tests.support.builders import endpoint_ref, package_ref, policy_document

END = datetime(2026, 3, 2, 10, tzinfo=UTC)
WINDOW = Window(start=END - timedelta(hours=1), end=END)
NOTHING = canonical(Profile("-", 0, {}).to_json())
FOLDED = WindowFolded(
    endpoint=endpoint_ref(), package=package_ref(), window=WINDOW, partition=0, rows=5,
    profile=hashlib.sha256(NOTHING).hexdigest(),
)  # fmt: skip


def having_seen(moment: datetime) -> dict[str, bytes]:
    return {str(FOLDED.entity): encode_state(Stream(watermark=moment))}


@pytest.mark.parametrize(
    ("other", "complete"),
    [
        (None, True),
        ({}, False),
        (having_seen(END - timedelta(minutes=5)), False),
        (having_seen(END + timedelta(days=1)), True),
        ({str(FOLDED.entity): b"damaged"}, False),
    ],
    ids=["alone", "behind, and new to the endpoint", "behind", "past", "not to be read"],
)
async def test_a_window_waits_for_every_partition_that_may_have_rows_of_it(
    other: dict[str, bytes] | None, complete: bool
) -> None:
    folds, evidence = MemoryFolds(), MemoryEvidence()
    if other is not None:
        await folds.write(Place("monitoring", "predictions", 1), Position("", 1), other)
    await evidence.keep(NOTHING)
    references = References(MemoryServingManifests(), evidence)
    known = await gather_window(FOLDED, folds, evidence, references, policy_document())
    assert known.complete is complete
