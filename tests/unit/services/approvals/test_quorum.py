"""Several persons and escalation: who counts, once each, never for themselves (N9, F09)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approvals.effects import InviteApprovers, SettleApproval, ShowApproval
from services.approvals.policy import (
    AskedBy,
    EndpointApprovals,
    decide_at_deadline,
    decide_on_decision,
    decide_to_ask,
)
from shared.adapters.memory import MemoryApprovals
from shared.approvals import Escalation, Say, Seat
from shared.approvals.quorum import missing
from shared.events import (
    ApprovalEndorsed,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRejected,
)
from shared.policies import InvalidPolicy
from shared.reactor import Decision, Known, Publish, RemindAt
from tests.support.builders import NOW, facts, policy_document, read_document
from tests.unit.services.approvals.asked import passed
from tests.unit.services.approvals.several import (
    DAN,
    ESCALATING,
    HOLDS,
    LEA,
    LIMITS,
    OMAR,
    POLICY,
    ask,
    deadline,
    decided,
    opened,
    published,
    refusal,
    say,
)

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


def test_the_page_knows_from_the_beginning_what_follows_if_nobody_decides() -> None:
    early = opened(ask(policy_document(approvals=ESCALATING)))
    assert early.escalation == Escalation(at=NOW + timedelta(hours=2), to=("product-owner",))
    at_the_end = {**LIMITS, "at_expiry": "escalate", "escalate_to": ["product-owner"]}
    policy = policy_document(approvals=at_the_end)
    state = ask(policy)
    assert opened(state).escalation == Escalation(
        at=opened(state).expires_at, to=("product-owner",), more_s=LIMITS["expires_after_s"]
    )
    longer = decide_at_deadline(state, facts(Known(), after=timedelta(hours=4)), deadline(state, "expire"), policy)
    assert opened(longer.state).escalation is None
    assert opened(ask(POLICY)).escalation is None


def test_all_reminders_of_an_approval_are_set_before_it_is_shown() -> None:
    effects = decide_to_ask(
        EndpointApprovals(), facts(AskedBy()), passed(), policy_document(approvals=ESCALATING)
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
    newer = decide_to_ask(state, facts(AskedBy(), event_id="newer"), passed(evidence="d"), POLICY).state
    assert opened(newer).says == ()
    late = decided(state, DAN, "data-scientist")
    assert refusal(decide_on_decision(newer, facts(HOLDS), late, POLICY)) == "the approval is already superseded"


@pytest.mark.parametrize(
    "wrong", [{"escalate_after_s": 5}, {"at_expiry": "escalate"}, {"quorum": [{"personas": []}]}, {"personas": []}]
)
def test_a_policy_that_could_ask_nobody_is_refused(wrong: dict[str, Any]) -> None:
    text = f"endpoints: {{flights: {{model: flights, limits: {{approvals: {wrong!r}}}}}}}".replace("'", "")
    with pytest.raises(InvalidPolicy, match=r"approvals|people"):
        read_document(text)


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
