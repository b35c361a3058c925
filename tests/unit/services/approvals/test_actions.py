"""Actions that are proposed to persons before they are done (F25)."""

from datetime import timedelta

from services.approvals.effects import SettleApproval
from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    decide_after_failure,
    decide_at_deadline,
    decide_on_decision,
    decide_to_propose,
)
from services.approvals.policy.proposals import action_id, chain_of
from services.approvals.reactions import service
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionProposed,
    ApprovalDecided,
    ApprovalEndorsed,
)
from shared.policies import PolicyDocument
from shared.reactor import Decision, Known, ReleaseAction, SendNotice
from tests.support.builders import NOW, digest, endpoint_ref, facts, policy_document
from tests.unit.services.approvals.several import (
    DAN,
    HOLDS,
    LEA,
    POLICY,
    deadline,
    decided,
    opened,
    published,
    refusal,
    say,
)

PROPOSED = ActionProposed(
    service="retraining", about=str(endpoint_ref().entity), decision="d-1", scope=str(endpoint_ref().entity),
    because="mlops.retraining.requested", would=("submit_job",), digest=digest("9"), proposed_at=NOW,
)  # fmt: skip


def propose(policy: PolicyDocument | None = None) -> EndpointApprovals:
    return decide_to_propose(EndpointApprovals(), facts(AskedBy()), PROPOSED, policy or policy_document()).state


def test_an_action_is_asked_about_once_in_a_chain_of_its_own() -> None:
    state = propose()
    assert opened(state).subject == digest("9")
    assert opened(state).action is not None
    assert decide_to_propose(state, facts(AskedBy()), PROPOSED, POLICY) == Decision(state)
    over = say(state, LEA, "project-lead", "reject").state
    assert decide_to_propose(over, facts(AskedBy()), PROPOSED, POLICY) == Decision(over)
    assert service.reactions[ApprovalDecided].entity(decided(state, LEA, "project-lead")) == chain_of(PROPOSED)


def test_a_granted_action_is_released_to_the_service_that_decided_it() -> None:
    effects = say(propose(), LEA, "project-lead").effects
    release, settle = effects
    assert isinstance(release, ReleaseAction)
    named = release.released
    assert (named.service, named.decision, named.by, named.through) == ("retraining", "d-1", LEA, "grant")
    assert isinstance(settle, SettleApproval)


def test_a_service_that_asked_by_itself_is_told_the_answer() -> None:
    """Nothing of it is held in the ledger: it decides anew, knowing what a person said (F11)."""
    asked = PROPOSED.model_copy(update={"answer": "tell", "question": "May it go on?", "reason": "Too few requests."})
    state = decide_to_propose(EndpointApprovals(), facts(AskedBy()), asked, policy_document()).state
    assert (opened(state).title, opened(state).summary) == ("May it go on?", "Too few requests.")
    (told,) = published(say(state, LEA, "project-lead"))
    assert isinstance(told, ActionApproved)
    assert (told.service, told.decision, told.by) == ("retraining", "d-1", LEA)
    (declined,) = published(say(state, LEA, "project-lead", "reject"))
    assert isinstance(declined, ActionDeclined)


def test_what_a_question_is_asked_on_is_what_is_shown_and_decided_about() -> None:
    asked = PROPOSED.model_copy(update={"evidence": digest("e")})
    state = decide_to_propose(EndpointApprovals(), facts(AskedBy()), asked, policy_document()).state
    assert opened(state).evidence == digest("e")
    blind = decided(state, LEA, "project-lead").model_copy(update={"evidence": None})
    refused = refusal(decide_on_decision(state, facts(HOLDS), blind, policy_document()))
    assert refused == "the decision is about other evidence"


def test_an_action_about_a_thing_of_any_kind_is_asked_about() -> None:
    """Who is asked comes from the policy of the thing's scope: what is no endpoint goes by the defaults."""
    policy = policy_document().model_copy(update={"defaults": {"people": {"personas": ["platform-support"]}}})
    scope = "subscriptions/1|subscription|research"
    asked = PROPOSED.model_copy(update={"about": scope, "scope": scope})
    approval = opened(decide_to_propose(EndpointApprovals(), facts(AskedBy()), asked, policy).state)
    assert (approval.scope, approval.endpoint, approval.personas) == (scope, None, ("platform-support",))
    assert approval.title == "May retraining act for research?"


def test_an_action_with_a_quorum_waits_for_all_of_them() -> None:
    state = say(propose(POLICY), LEA, "project-lead")
    assert isinstance(published(state)[0], ApprovalEndorsed)
    assert isinstance(say(state.state, DAN, "data-scientist").effects[0], ReleaseAction)


def test_a_rejected_or_forgotten_action_is_declined() -> None:
    state = propose()
    (rejected,) = published(say(state, LEA, "project-lead", "reject"))
    late = decide_at_deadline(state, facts(Known(), after=timedelta(days=30)), deadline(state, "expire"), POLICY)
    for declined in (rejected, *published(late)):
        assert isinstance(declined, ActionDeclined)
        assert declined.decision == "d-1"


def test_a_grant_that_could_not_be_sent_is_told_to_people() -> None:
    done = say(propose(), LEA, "project-lead").state
    failed = ActionFailed(
        service="approvals", about=str(chain_of(PROPOSED)), decision=done.decision, effect="release_action", reason="no"
    )
    told = decide_after_failure(done, facts(Known()), failed, POLICY)
    assert {effect.audience for effect in told.effects if isinstance(effect, SendNotice)} == {
        "data-scientist", "project-lead"
    }  # fmt: skip


def test_a_decision_about_other_effects_than_were_shown_does_not_count() -> None:
    state = propose()
    other = decided(state, LEA, "project-lead").model_copy(update={"package": digest("8")})
    assert refusal(decide_on_decision(state, facts(HOLDS), other, POLICY)) == "the decision is about another package"
    assert action_id(PROPOSED) == opened(state).id
