"""Several persons, delegation, escalation, proposals: who counts, once each, never for themselves (N9, F09, F25)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approvals.effects import InviteApprovers, SettleApproval, ShowApproval
from services.approvals.policy import (
    EndpointApprovals,
    ProofKnown,
    decide_after_failure,
    decide_at_deadline,
    decide_on_decision,
    decide_on_delegation,
    decide_to_ask,
    decide_to_propose,
)
from services.approvals.proposals import action_id, chain_of
from services.approvals.reactions import service
from shared.adapters.memory import MemoryApprovals
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionProposed,
    ApprovalDecided,
    ApprovalDelegated,
    ApprovalEndorsed,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    DeadlineReached,
    DelegationRequested,
    StagingPassed,
)
from shared.policies import InvalidPolicy, PolicyDocument
from shared.ports import Approval, Say, Seat
from shared.ports.quorum import missing
from shared.reactor import Decision, Known, Publish, ReleaseAction, RemindAt, SendNotice
from tests.support.builders import NOW, digest, endpoint_ref, facts, policy_document
from tests.unit.services.approvals.test_policy import passed

HOUR = 3600.0
HOLDS, FAILS = ProofKnown(holds=True), ProofKnown(holds=False)
QUORUM = [{"personas": ["data-scientist", "project-lead"], "count": 1}, {"personas": ["project-lead"]}]
LIMITS: dict[str, Any] = {"quorum": QUORUM, "expires_after_s": 4 * HOUR, "remind_after_s": HOUR}
ESCALATING: dict[str, Any] = {**LIMITS, "escalate_after_s": 2 * HOUR, "escalate_to": ["product-owner"]}
POLICY = policy_document(approvals=LIMITS)
LEA, DAN, OMAR = "lea@example.com", "dan@example.com", "omar@example.com"


def ask(policy: PolicyDocument = POLICY, event: StagingPassed | None = None) -> EndpointApprovals:
    return decide_to_ask(EndpointApprovals(), facts(Known()), event or passed(), policy).state


def opened(state: EndpointApprovals) -> Approval:
    assert state.open
    return state.open


def decided(state: EndpointApprovals, who: str, persona: str, verdict: str = "approve") -> ApprovalDecided:
    approval = opened(state)
    return ApprovalDecided.model_validate(
        {
            "approval_id": approval.id, "endpoint": endpoint_ref(), "verdict": verdict, "approver": who,
            "persona": persona, "comment": "", "package": approval.subject, "evidence": approval.evidence, "proof": "p",
        }
    )  # fmt: skip


def say(
    state: EndpointApprovals, who: str, persona: str, verdict: str = "approve", known: ProofKnown = HOLDS
) -> Decision[EndpointApprovals]:
    return decide_on_decision(
        state, facts(known, event_id=f"{who}-{verdict}"), decided(state, who, persona, verdict), POLICY
    )


def pass_on(
    state: EndpointApprovals, who: str, persona: str, to: str, known: ProofKnown = HOLDS, **changes: Any
) -> Decision[EndpointApprovals]:
    approval = opened(state)
    asked = DelegationRequested(
        approval_id=approval.id, endpoint=endpoint_ref(), delegator=who, persona=persona, delegate=to,
        package=approval.subject, evidence=approval.evidence, proof="p",
    )  # fmt: skip
    return decide_on_delegation(state, facts(known), asked.model_copy(update=changes), POLICY)


def published(decision: Decision[EndpointApprovals]) -> list[Any]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def refusal(decision: Decision[EndpointApprovals]) -> str:
    (fact,) = published(decision)
    assert isinstance(fact, ApprovalRefused)
    return fact.reason


def deadline(state: EndpointApprovals, about: str) -> DeadlineReached:
    entity = str(endpoint_ref().entity)
    return DeadlineReached(service="approvals", about=entity, key=f"{about}:{opened(state).id}", at=NOW)


# --- quorum


def test_one_of_two_is_noted_shown_and_not_yet_granted() -> None:
    decision = say(ask(), LEA, "project-lead")
    publish, show = decision.effects
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, ApprovalEndorsed)
    assert publish.event.missing == ("data-scientist or project-lead",)
    assert isinstance(show, ShowApproval)
    assert show.approval.revision == 1
    assert [each.approver for each in opened(decision.state).says] == [LEA]


@pytest.mark.parametrize(
    "order", [[(LEA, "project-lead"), (DAN, "data-scientist")], [(DAN, "data-scientist"), (LEA, "project-lead")]]
)
def test_the_last_one_missing_grants_it_in_either_order_and_all_are_named(order: list[tuple[str, str]]) -> None:
    state = ask()
    for who, persona in order[:-1]:
        state = say(state, who, persona).state
    last = say(state, *order[-1])
    (granted,) = published(last)
    assert isinstance(granted, ApprovalGranted)
    assert granted.approvers == tuple(who for who, _ in order)
    assert last.state.open is None


def test_one_person_never_takes_two_seats() -> None:
    state = say(ask(), LEA, "project-lead").state
    again = say(state, " LEA@Example.com", "project-lead")
    assert "has approved already" in refusal(again)
    assert again.state == state


def test_who_can_take_no_seat_that_is_left_is_refused_with_who_is_missing() -> None:
    state = say(ask(), DAN, "data-scientist").state
    assert refusal(say(state, "sam@example.com", "data-scientist")) == (
        "enough of data-scientist have approved; missing: project-lead"
    )


@pytest.mark.parametrize("who", [LEA, DAN, "sam@example.com"])
def test_one_reject_ends_it_also_by_who_has_approved_or_has_no_seat_left(who: str) -> None:
    state = say(ask(), DAN, "data-scientist").state
    decision = say(state, who, "project-lead" if who == LEA else "data-scientist", "reject")
    (rejected,) = published(decision)
    assert isinstance(rejected, ApprovalRejected)
    assert decision.state.open is None


@pytest.mark.parametrize("first", ["approve", "reject"])
def test_approve_and_reject_at_once_settle_by_which_is_recorded_first(first: str) -> None:
    state = ask(policy_document())
    second = "reject" if first == "approve" else "approve"
    by = [decided(state, LEA, "project-lead", first), decided(state, DAN, "data-scientist", second)]
    one = decide_on_decision(state, facts(HOLDS), by[0], POLICY)
    other = decide_on_decision(one.state, facts(HOLDS), by[1], POLICY)
    assert refusal(other) == f"the approval is already {'granted' if first == 'approve' else 'rejected'}"


PERSONAS = st.sampled_from(["a", "b", "c"])
SEATS = st.lists(
    st.builds(Seat, personas=st.lists(PERSONAS, min_size=1).map(tuple), count=st.integers(1, 2)), max_size=3
)


@given(SEATS, st.lists(PERSONAS, max_size=6))
def test_everybody_sits_where_it_helps_most(seats: list[Seat], personas: list[str]) -> None:
    """Hall's theorem by brute force over the personas: what is missing is the worst shortage of any set of seats."""
    approval = opened(ask()).model_copy(update={"seats": tuple(seats), "personas": ("a",)})
    says = [Say(approver=str(n), persona=persona) for n, persona in enumerate(personas)]
    places = [seat.personas for seat in (seats or [Seat(personas=("a",))]) for _ in range(seat.count)]
    shortages = [0]
    for chosen in range(1, 2 ** len(places)):
        some = [place for index, place in enumerate(places) if chosen >> index & 1]
        shortages.append(len(some) - sum(any(persona in place for place in some) for persona in personas))
    assert len(missing(approval, says)) == max(shortages)


# --- delegation


@pytest.mark.parametrize(("delegate", "persona"), [(OMAR, ""), ("product-owner", "product-owner")])
def test_whom_it_was_passed_on_to_takes_the_delegators_seat(delegate: str, persona: str) -> None:
    passed_on = pass_on(ask(), LEA, "project-lead", delegate)
    publish, show, invite = passed_on.effects
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, ApprovalDelegated)
    assert isinstance(show, ShowApproval)
    assert isinstance(invite, InviteApprovers)
    assert invite.personas == (delegate,)
    noted = say(passed_on.state, OMAR, persona)
    (endorsed,) = published(noted)
    assert (endorsed.approver, endorsed.persona, endorsed.on_behalf_of) == (OMAR, "project-lead", LEA)
    assert isinstance(published(say(noted.state, DAN, "data-scientist"))[0], ApprovalGranted)


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_who_passed_it_on_has_no_say_any_more(verdict: str) -> None:
    state = pass_on(ask(), LEA, "project-lead", OMAR).state
    assert refusal(say(state, LEA, "project-lead", verdict)) == f"{LEA} passed it on to {OMAR}"


def test_a_persona_that_it_was_passed_on_to_counts_once_for_it() -> None:
    state = say(pass_on(ask(), LEA, "project-lead", "product-owner").state, OMAR, "product-owner").state
    assert "may not decide" in refusal(say(state, "ola@example.com", "product-owner"))


@pytest.mark.parametrize(
    ("who", "persona", "to", "known", "changes", "why"),
    [
        (LEA, "project-lead", "Dana@example.com", HOLDS, {}, "own request"),
        (LEA, "project-lead", LEA.upper(), HOLDS, {}, "theirs already"),
        (LEA, "project-lead", "somebody", HOLDS, {"delegate": "no body"}, "an e-mail address or a persona"),
        ("dana@example.com", "project-lead", OMAR, HOLDS, {}, "own request"),
        ("uma@example.com", "model-end-user", OMAR, HOLDS, {}, "may not decide"),
        (LEA, "project-lead", OMAR, FAILS, {}, "proof"),
        (LEA, "project-lead", OMAR, HOLDS, {"package": digest("b")}, "another package"),
        (LEA, "project-lead", OMAR, HOLDS, {"evidence": digest("b")}, "other evidence"),
        (LEA, "project-lead", OMAR, HOLDS, {"approval_id": "unknown"}, "no such approval"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_and_changes_nothing(
    who: str, persona: str, to: str, known: ProofKnown, changes: dict[str, Any], why: str
) -> None:
    state = ask()
    decision = pass_on(state, who, persona, to, known, **changes)
    assert why in refusal(decision)
    assert decision.state == state


def test_what_was_passed_on_or_said_cannot_be_passed_on() -> None:
    state = pass_on(ask(), LEA, "project-lead", OMAR).state
    assert "cannot be passed on again" in refusal(pass_on(state, OMAR, "", "ola@example.com"))
    assert "passed it on" in refusal(pass_on(state, LEA, "project-lead", "ola@example.com"))
    said = say(ask(), DAN, "data-scientist").state
    assert "has approved already" in refusal(pass_on(said, DAN, "data-scientist", OMAR))
    assert "has approved already" in refusal(pass_on(said, LEA, "project-lead", DAN))


def test_the_requester_stays_excluded_when_it_is_passed_on_to_their_persona() -> None:
    state = pass_on(ask(), LEA, "project-lead", "product-owner").state
    assert refusal(say(state, "dana@example.com", "product-owner")) == "nobody approves their own request"


# --- time


def test_after_a_time_others_are_asked_as_well_and_may_take_any_seat() -> None:
    policy = policy_document(approvals=ESCALATING)
    state = ask(policy)
    due = facts(Known(), after=timedelta(hours=2))
    decision = decide_at_deadline(state, due, deadline(state, "escalate"), policy)
    show, publish, invite = decision.effects
    assert isinstance(show, ShowApproval)
    assert isinstance(publish, Publish)
    assert isinstance(publish.event, ApprovalEscalated)
    assert publish.event.personas == ("product-owner",)
    assert isinstance(invite, InviteApprovers)
    assert invite.personas == ("product-owner",)
    first = say(decision.state, OMAR, "product-owner")
    assert isinstance(published(say(first.state, "ola@example.com", "product-owner"))[0], ApprovalGranted)
    assert decide_at_deadline(decision.state, due, deadline(state, "escalate"), policy) == Decision(decision.state)


def test_all_reminders_of_an_approval_are_set_before_it_is_shown() -> None:
    effects = decide_to_ask(
        EndpointApprovals(), facts(Known()), passed(), policy_document(approvals=ESCALATING)
    ).effects
    reminders = [effect for effect in effects[:3] if isinstance(effect, RemindAt)]
    assert [each.about.partition(":")[0] for each in reminders] == ["remind", "escalate", "expire"]


def test_an_expiry_that_escalates_gives_as_much_time_again_once_and_earlier_links_are_over() -> None:
    policy = policy_document(approvals={**LIMITS, "at_expiry": "escalate", "escalate_to": ["product-owner"]})
    state = ask(policy)
    before = opened(state).expires_at
    longer = decide_at_deadline(state, facts(Known(), after=timedelta(hours=4)), deadline(state, "expire"), policy)
    end, _, _, invite = longer.effects
    assert end == RemindAt(about=f"expire:{opened(state).id}", at=before + timedelta(hours=4))
    assert isinstance(invite, InviteApprovers)
    assert set(invite.personas) == {"data-scientist", "project-lead", "product-owner"}
    assert invite.expires_at == opened(longer.state).expires_at > before
    over = decide_at_deadline(
        longer.state, facts(Known(), after=timedelta(hours=8)), deadline(longer.state, "expire"), policy
    )
    assert isinstance(published(over)[0], ApprovalExpired)


def test_an_expiry_that_rejects_ends_it_however_many_have_approved() -> None:
    state = say(ask(), LEA, "project-lead").state
    over = decide_at_deadline(state, facts(Known(), after=timedelta(hours=4)), deadline(state, "expire"), POLICY)
    assert isinstance(published(over)[0], ApprovalExpired)
    assert over.state.open is None


def test_changed_evidence_supersedes_also_what_some_have_approved() -> None:
    state = say(ask(), LEA, "project-lead").state
    newer = decide_to_ask(state, facts(Known(), event_id="newer"), passed(evidence="d"), POLICY).state
    assert opened(newer).says == ()
    late = decided(state, DAN, "data-scientist")
    assert refusal(decide_on_decision(newer, facts(HOLDS), late, POLICY)) == "the approval is already superseded"


@pytest.mark.parametrize(
    "wrong", [{"escalate_after_s": 5}, {"at_expiry": "escalate"}, {"quorum": [{"personas": []}]}, {"personas": []}]
)
def test_a_policy_that_could_ask_nobody_is_refused(wrong: dict[str, Any]) -> None:
    text = f"endpoints: {{flights: {{model: flights, limits: {{approvals: {wrong!r}}}}}}}".replace("'", "")
    with pytest.raises(InvalidPolicy, match="approvals"):
        PolicyDocument.from_yaml(text, {str(stage): of for stage, of in POLICY.workspaces.items()})


async def test_what_the_gateway_shows_never_goes_back() -> None:
    approvals, first = MemoryApprovals(), opened(ask())
    await approvals.put(first.model_copy(update={"correlation_id": "chain"}))
    newer = first.model_copy(update={"revision": 2})
    for shown in (newer, first.model_copy(update={"revision": 1})):
        await ShowApproval(approval=shown).perform(approvals)
    assert await approvals.get(first.id) == newer.model_copy(update={"correlation_id": "chain"})
    await SettleApproval(approval=newer.model_copy(update={"status": "granted"})).perform(approvals)
    await ShowApproval(approval=newer.model_copy(update={"revision": 3})).perform(approvals)
    assert (await approvals.get(first.id)).status == "granted"


# --- actions

PROPOSED = ActionProposed(
    service="retraining", about=str(endpoint_ref().entity), decision="d-1", endpoint=endpoint_ref(),
    because="mlops.retraining.requested", would=("submit_job",), digest=digest("9"), proposed_at=NOW,
)  # fmt: skip


def propose(policy: PolicyDocument | None = None) -> EndpointApprovals:
    return decide_to_propose(EndpointApprovals(), facts(Known()), PROPOSED, policy or policy_document()).state


def test_an_action_is_asked_about_once_in_a_chain_of_its_own() -> None:
    state = propose()
    assert opened(state).subject == digest("9")
    assert opened(state).action is not None
    assert decide_to_propose(state, facts(Known()), PROPOSED, POLICY) == Decision(state)
    over = say(state, LEA, "project-lead", "reject").state
    assert decide_to_propose(over, facts(Known()), PROPOSED, POLICY) == Decision(over)
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
    state = decide_to_propose(EndpointApprovals(), facts(Known()), asked, policy_document()).state
    assert (opened(state).title, opened(state).summary) == ("May it go on?", "Too few requests.")
    (told,) = published(say(state, LEA, "project-lead"))
    assert isinstance(told, ActionApproved)
    assert (told.service, told.decision, told.by) == ("retraining", "d-1", LEA)
    (declined,) = published(say(state, LEA, "project-lead", "reject"))
    assert isinstance(declined, ActionDeclined)


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
