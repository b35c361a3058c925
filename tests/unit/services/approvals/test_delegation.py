"""Whom an approval was passed on to, and who has no say any more (N9, F09)."""

from typing import Any

import pytest

from services.approvals.effects import InviteApprovers, ShowApproval
from services.approvals.policy import (
    ProofKnown,
)
from shared.events import (
    ApprovalDelegated,
    ApprovalGranted,
)
from shared.reactor import Publish
from tests.support.builders import digest
from tests.unit.services.approvals.several import DAN, FAILS, HOLDS, LEA, OMAR, ask, pass_on, published, refusal, say


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
        (LEA, "project-lead", "dana+x@example.com", HOLDS, {}, "own request"),
        (LEA, "project-lead", "DANA+x+y@Example.com.", HOLDS, {}, "own request"),
        (LEA, "project-lead", "\uff44ana@example.com", HOLDS, {}, "own request"),
        (LEA, "project-lead", "lea+x@example.com", HOLDS, {}, "theirs already"),
        (LEA, "project-lead", LEA.upper(), HOLDS, {}, "theirs already"),
        ("dana+x@example.com", "project-lead", OMAR, HOLDS, {}, "own request"),
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


def test_one_person_has_one_say_whatever_address_of_theirs_is_used() -> None:
    said = say(ask(), DAN, "data-scientist").state
    assert "has approved already" in refusal(pass_on(said, LEA, "project-lead", "dan+x@example.com"))
    assert "passed it on" in refusal(say(pass_on(ask(), LEA, "project-lead", OMAR).state, "lea+x@example.com", ""))


def test_the_requester_stays_excluded_when_it_is_passed_on_to_their_persona() -> None:
    state = pass_on(ask(), LEA, "project-lead", "product-owner").state
    assert refusal(say(state, "dana@example.com", "product-owner")) == "nobody approves their own request"
