"""Which decision a kill falls into."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.faults.under_way import CANARY, LOOKING, ROLLBACK, phase_of

FIRST, BESIDE_A_CHAMPION = {"before": None}, {"before": {"share": 100}}


@pytest.mark.parametrize(
    ("service", "state", "effects", "phase"),
    [
        ("promotion", FIRST, ["swap_manifest", "publish", "remind_at"], "promotion"),
        ("promotion", BESIDE_A_CHAMPION, ["swap_manifest", "publish", "remind_at"], CANARY),
        ("promotion", BESIDE_A_CHAMPION, ["publish", "publish"], CANARY),
        ("promotion", BESIDE_A_CHAMPION, ["remind_at"], LOOKING),
        ("rollback", {}, ["swap_manifest", "publish", "remind_at"], ROLLBACK),
        ("rollback", {}, ["remind_at"], LOOKING),
        ("drift", None, ["publish"], "drift"),
    ],
)
def test_a_decision_is_of_its_service_or_of_a_canary_or_only_looks(
    service: str, state: dict[str, Any] | None, effects: Sequence[str], phase: str
) -> None:
    assert phase_of(service, state, [{"kind": kind} for kind in effects]) == phase
