"""Four eyes for every question (N9): who asked for a model answers nothing about it, by whatever name they come."""

from collections.abc import Sequence

import pytest

from services.approvals.policy import AskedBy, EndpointApprovals, decide_to_ask, decide_to_propose
from services.approvals.reactions import gather_askers, gather_requesters
from shared.adapters.memory import MemoryApprovals
from shared.approvals import Seat
from shared.approvals.identity import identity, same
from shared.approvals.quorum import why_excluded
from shared.events import ActionProposed, ApprovalGranted
from tests.support.builders import NOW, digest, endpoint_ref, facts, policy_document
from tests.unit.services.approvals.asked import passed
from tests.unit.services.approvals.several import DAN, LEA, opened, published, refusal, say

DANA = "dana@example.com"
DANA_ID, LEA_ID = (f"0b1c2d3e-0000-4000-8000-00000000000{end}" for end in "de")
POLICY = policy_document()
OWN = "nobody approves their own request"
CANARY = ActionProposed(
    service="promotion",
    about=str(endpoint_ref().entity),
    decision="d-1",
    scope=str(endpoint_ref().entity),
    because="an inconclusive canary step",
    would=("go on",),
    digest=digest("9"),
    proposed_at=NOW,
    answer="tell",
    packages=(digest("a"),),
)


def asked(*requesters: str, requested_by: str = DANA) -> EndpointApprovals:
    event = passed().model_copy(update={"requested_by": requested_by})
    return decide_to_ask(EndpointApprovals(), facts(AskedBy(requesters=requesters)), event, POLICY).state


@pytest.mark.parametrize(
    ("requesters", "address", "object_id", "why"),
    [
        ((DANA_ID,), "someone.else@example.com", DANA_ID, OWN),
        ((DANA_ID,), LEA, LEA_ID, ""),
        ((DANA_ID,), LEA, "", "cannot be told apart"),
        ((DANA,), "Dana+again@Example.com", "", OWN),
        ((DANA,), LEA, "", ""),
        (("sluice-retraining",), LEA, "", ""),
    ],
)
def test_people_are_compared_by_object_id_where_known_else_by_address(
    requesters: Sequence[str], address: str, object_id: str, why: str
) -> None:
    approval = opened(asked(*requesters, requested_by="Dana Okafor"))
    found = why_excluded(approval, address, object_id)
    assert why in found
    assert bool(found) == bool(why)


def test_control_refuses_the_requester_whatever_address_they_come_with() -> None:
    """The page says so already; whoever holds the gateway's key on the hub is refused all the same."""
    decision = say(asked(DANA_ID), "omar@example.com", "project-lead", approver_id=DANA_ID)
    assert refusal(decision) == OWN


def test_a_display_name_is_no_identity() -> None:
    assert identity("Dana Okafor") == identity("pipelines") == identity("") == ""
    assert not same("Dana Okafor", DANA)
    assert identity(" Dana+x@Example.com ") == DANA
    assert identity(DANA_ID.upper()) == DANA_ID


def test_where_nobody_is_known_who_asked_two_persons_decide() -> None:
    """R041: one of them may have asked, both cannot be the same."""
    state = asked(requested_by="unknown")
    assert opened(state).seats == (Seat(personas=("data-scientist", "project-lead"), count=2),)
    assert "Nobody is known who asked for it" in opened(state).summary
    first = say(state, LEA, "project-lead")
    assert not any(isinstance(event, ApprovalGranted) for event in published(first))
    assert refusal(say(first.state, LEA, "project-lead")) == f"{LEA} has approved already"
    assert isinstance(published(say(first.state, DAN, "data-scientist"))[0], ApprovalGranted)


async def test_who_asked_for_a_model_is_found_for_every_question_about_it() -> None:
    """Its approval, its canary, and what is held of it: by package, however much later that is."""
    approvals = MemoryApprovals()
    await approvals.note_requesters(digest("a"), (DANA, DANA_ID))
    assert (await gather_requesters(passed(), approvals)).requesters == (DANA_ID, DANA)
    known = await gather_askers(CANARY, approvals)
    assert known.requesters == (DANA_ID, DANA)
    state = decide_to_propose(EndpointApprovals(), facts(known), CANARY, POLICY).state
    assert refusal(say(state, "omar@example.com", "project-lead", approver_id=DANA_ID)) == OWN


async def test_a_person_who_caused_a_question_does_not_answer_it() -> None:
    caused = CANARY.model_copy(update={"packages": (), "requested_by": DANA})
    known = await gather_askers(caused, MemoryApprovals())
    state = decide_to_propose(EndpointApprovals(), facts(known), caused, POLICY).state
    assert refusal(say(state, DANA, "project-lead")) == OWN
    assert not opened(state).seats


def test_a_canary_of_a_model_that_nobody_is_known_to_have_asked_for_needs_two_as_well() -> None:
    state = decide_to_propose(EndpointApprovals(), facts(AskedBy()), CANARY, POLICY).state
    assert opened(state).seats[0].count == 2
