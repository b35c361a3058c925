"""Who answers for a port is found by its class, and made of what it asks for."""

import functools
from typing import Any

import pytest

from shared import ports
from shared.adapters.memory import MemoryEvidence, MemoryLedger
from shared.adapters.table import adapters_in, built

MEMORY = adapters_in("shared.adapters.memory")


class NeedsEvidence:
    def __init__(self, evidence: ports.Evidence, limit: int = 3) -> None:
        self.evidence, self.limit = evidence, limit


def test_every_port_of_the_azure_adapters_has_one_in_memory() -> None:
    azure = adapters_in("shared.adapters.azure")
    assert set(azure) <= set(MEMORY)
    assert len(azure) >= 17


def test_an_adapter_is_made_once_of_others_and_of_what_is_given() -> None:
    table: dict[type, Any] = {ports.Ledger: NeedsEvidence, ports.Evidence: MemoryEvidence}
    made = built(table, {int: 7})
    assert made[ports.Ledger].evidence is made[ports.Evidence]
    assert (made[ports.Ledger].limit, made[int]) == (3, 7)


def test_what_is_given_comes_before_the_table() -> None:
    own = MemoryLedger()
    assert built({ports.Ledger: MemoryLedger}, {ports.Ledger: own})[ports.Ledger] is own


def test_what_nobody_can_give_is_said_by_name() -> None:
    with pytest.raises(TypeError, match=r"Ledger needs .*Evidence"):
        built({ports.Ledger: NeedsEvidence}, {})


def test_a_maker_that_wraps_another_is_given_the_same() -> None:
    @functools.wraps(NeedsEvidence, updated=())
    def wrapped(**named: Any) -> tuple[str, NeedsEvidence]:
        return "wrapped", NeedsEvidence(**named)

    name, inner = built({ports.Ledger: wrapped, ports.Evidence: MemoryEvidence}, {})[ports.Ledger]
    assert (name, type(inner)) == ("wrapped", NeedsEvidence)


def test_two_that_answer_for_one_port_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = type("Twin", (ports.Ledger,), {"__module__": "shared.adapters.memory.ledger"})
    monkeypatch.setattr("shared.adapters.memory.ledger.Twin", twin, raising=False)
    with pytest.raises(TypeError, match=r"Ledger: .* both answer for it"):
        adapters_in("shared.adapters.memory")
