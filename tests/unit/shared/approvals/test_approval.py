"""An approval that an earlier build stored, whose questions were about endpoints alone, is read as it was meant."""

from typing import Any

from services.approvals.effects import OpenApproval
from services.approvals.policy import EndpointApprovals
from shared.approvals import Approval
from tests.support.builders import NOW, digest, endpoint_ref, package_ref

STORED: dict[str, Any] = {
    "id": "a-1",
    "endpoint": endpoint_ref().model_dump(mode="json"),
    "candidate": package_ref().model_dump(mode="json"),
    "evidence": digest("e"),
    "title": "May it serve?",
    "summary": "It passed.",
    "requested_by": "dana@example.com",
    "personas": ["project-lead"],
    "opened_at": NOW.isoformat(),
    "expires_at": NOW.isoformat(),
}


def test_a_stored_approval_is_in_its_endpoints_scope() -> None:
    approval = Approval.model_validate(STORED)
    assert (approval.scope, approval.endpoint) == (str(endpoint_ref().entity), endpoint_ref())
    assert Approval.model_validate_json(approval.model_dump_json()) == approval


def test_so_are_the_ledgers_state_and_effects() -> None:
    assert EndpointApprovals.model_validate({"open": STORED}).open == Approval.model_validate(STORED)
    assert OpenApproval.model_validate({"approval": STORED}).approval.thing == endpoint_ref().entity
