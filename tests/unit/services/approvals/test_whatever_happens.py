"""Any order of anything that can happen to an approval (R041, N9)."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    decide_after_failed_staging,
    decide_after_failure,
    decide_at_deadline,
    decide_on_decision,
    decide_to_ask,
)
from shared.events import (
    ApprovalRefused,
    ApprovalRequested,
    StagingFailed,
)
from shared.reactor import Decision, Effect, RemindAt
from tests.support.builders import digest, facts
from tests.unit.services.approvals.asked import (
    APPROVAL,
    FAILS,
    HOLDS,
    POLICY,
    as_type,
    deadline,
    decided,
    failed,
    passed,
    published,
)

MOVES = st.sampled_from(["passed", "passed-2", "failed", "approve", "reject", "bad", "remind", "expire", "broken"])


def moved(move: str, state: EndpointApprovals, place: str, hours: int) -> Decision[EndpointApprovals]:
    after = timedelta(hours=hours)
    known: Any = facts(HOLDS, event_id=place, after=after)
    asked = facts(AskedBy(), event_id=place, after=after)
    identity = state.open.id if state.open else APPROVAL.id
    package = state.open.subject if state.open else digest("a")
    event = decided(approval_id=identity, package=package)
    match move:
        case "passed":
            return decide_to_ask(state, asked, passed(), POLICY)
        case "passed-2":
            return decide_to_ask(state, asked, passed("2", "b"), POLICY)
        case "failed":
            return decide_after_failed_staging(state, known, as_type(StagingFailed, passed()), POLICY)
        case "approve":
            return decide_on_decision(state, known, event, POLICY)
        case "reject":
            return decide_on_decision(state, known, event.model_copy(update={"verdict": "reject"}), POLICY)
        case "bad":
            return decide_on_decision(state, facts(FAILS, event_id=place, after=after), event, POLICY)
        case "broken":
            return decide_after_failure(state, known, failed("publish", state.decision), POLICY)
    return decide_at_deadline(state, known, deadline(move, identity), POLICY)


@given(st.lists(st.tuples(MOVES, st.integers(0, 6)), max_size=15))
def test_each_approval_is_requested_once_and_settled_at_most_once(moves: list[tuple[str, int]]) -> None:
    state, requested, settled = EndpointApprovals(), list[str](), list[str]()
    for place, (move, hours) in enumerate(moves):
        decision = moved(move, state, str(place), hours)
        effects: tuple[Effect, ...] = tuple(decision.effects)
        for fact in published(decision):
            if isinstance(fact, ApprovalRequested):
                requested.append(fact.approval_id)
            elif not isinstance(fact, ApprovalRefused):
                settled.append(fact.approval_id)
        if decision.state.open and decision.state.open != state.open:
            assert any(isinstance(effect, RemindAt) and effect.about.startswith("expire") for effect in effects)
        state = decision.state
    assert len(set(requested)) == len(requested)
    assert len(set(settled)) == len(settled)
    assert set(requested) - set(settled) == ({state.open.id} if state.open else set())
