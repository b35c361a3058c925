"""Every store of approvals gives back the last that was put."""

import pytest

from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.memory import MemoryApprovals
from shared.ports import Absent, Approvals
from tests.contract.conftest import Account
from tests.contract.examples import approval

pytestmark = pytest.mark.azure_untested


@pytest.fixture
async def approvals(place: Account | None) -> Approvals:
    if place is None:
        return MemoryApprovals()
    return TableApprovals(place.storage.tables, await place.table("approvals"))


async def test_an_approval_comes_back_as_it_was_put(approvals: Approvals) -> None:
    await approvals.put(approval(summary="ü" * 50_000))
    assert await approvals.get("approval-1") == approval(summary="ü" * 50_000)


async def test_putting_it_again_replaces_it(approvals: Approvals) -> None:
    await approvals.put(approval(summary="x" * 70_000))
    settled = approval(status="granted", decided_by="tariq@example.com")
    await approvals.put(settled)
    assert await approvals.get("approval-1") == settled


async def test_an_unknown_approval_is_absent(approvals: Approvals) -> None:
    await approvals.put(approval())
    for unknown in ("approval-2", "../approval-1", "x' or '1' eq '1", "%00"):
        with pytest.raises(Absent):
            await approvals.get(unknown)


async def test_who_asked_for_a_package_is_kept_for_ever_and_never_replaced(approvals: Approvals) -> None:
    package, others = "a" * 64, "b" * 64
    assert await approvals.requesters(package) == ()
    await approvals.note_requesters(package, ("lea@example.com", "0b1c2d3e-0000-4000-8000-00000000000d"))
    await approvals.note_requesters(package, ("dana/o'hara#?@example.com", "lea@example.com"))
    await approvals.note_requesters(others, ("omar@example.com",))
    assert await approvals.requesters(package) == (
        "0b1c2d3e-0000-4000-8000-00000000000d",
        "dana/o'hara#?@example.com",
        "lea@example.com",
    )
