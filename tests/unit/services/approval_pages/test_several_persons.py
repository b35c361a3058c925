"""Pages of approvals that several persons decide, pass on, or that are about an action."""

from dataclasses import replace
from typing import Any

import pytest

from services.approval_pages import Person
from shared.approvals import Delegation, Exhibit, Exhibits, HeldAction, Say, Seat
from shared.events import DelegationRequested, RetrainingRequested
from shared.events.decision_statement import decision_statement
from tests.support.builders import NOW, digest, endpoint_ref
from tests.unit.services.approval_pages.case import LEA, SIGNER, Case, fields

LEADS = Seat(personas=("project-lead",))
SCIENTISTS = Seat(personas=("data-scientist",))
SAM = Person("sam@example.com", "Sam Ito", ("data-scientist",))
OMAR = Person("omar@example.com", "Omar Diallo", ("product-owner",))
SEATS: dict[str, Any] = {"personas": ("project-lead", "data-scientist"), "seats": (LEADS, SCIENTISTS)}


ACTION = HeldAction(
    service="retraining", about=str(endpoint_ref().entity), decision="d", would=("submit_job",), digest=digest("9")
)


async def test_of_several_persons_the_page_says_who_has_approved_and_who_is_waited_for(case: Case) -> None:
    said = Say(approver=SAM.address, persona="data-scientist")
    shown = await case.get(await case.open(**SEATS, says=(said,), revision=1))
    assert "sam@example.com (data-scientist)" in shown.body
    assert "1 of 2" in shown.body
    assert "✓ sam@example.com (data-scientist)" in shown.body
    assert "○ waits for project-lead" in shown.body
    assert 'value="approve"' in shown.body


async def test_who_has_approved_is_offered_only_to_reject(case: Case) -> None:
    approval = await case.open(**SEATS, says=(Say(approver=SAM.address, persona="data-scientist"),), revision=1)
    shown = await case.get(approval, SAM)
    assert 'value="approve"' not in shown.body
    assert 'value="reject"' in shown.body
    answer = await case.post(approval, {**fields(shown), "verdict": "approve"}, SAM)
    assert (answer.status, case.decided) == (409, [])
    assert "You have approved this" in answer.body


async def test_the_status_says_what_was_noted_and_who_else_is_waited_for(case: Case) -> None:
    approval = await case.open(**SEATS, says=(Say(approver=SAM.address, persona="data-scientist"),), revision=1)
    noted = await case.get(approval, SAM, token="", sent="approve")
    assert "It is noted. Still waited for: project-lead." in noted.body
    assert "refresh" not in noted.body


async def test_passing_on_sends_a_proven_request_and_decides_nothing(case: Case) -> None:
    approval = await case.open()
    form = {**fields(await case.get(approval)), "verdict": "delegate", "delegate": " omar@example.com "}
    answer = await case.post(approval, form)
    assert (answer.status, answer.headers["Location"]) == (303, "/approvals/a-1?sent=delegate")
    (envelope,) = case.publisher.published["decisions"]
    asked: Any = envelope.data
    assert isinstance(asked, DelegationRequested)
    assert (asked.delegator, asked.persona, asked.delegate) == (LEA.address, "project-lead", "omar@example.com")
    assert asked.proof == SIGNER.proof(approval.id, approval.expires_at, decision_statement(asked))


@pytest.mark.parametrize(
    ("delegate", "why"),
    [
        ("", "an e-mail address or a persona"),
        ("Omar", "an e-mail address or a persona"),
        ("a@b, c@d", "an e-mail address or a persona"),
        ("king", "king is no persona here"),
        ("LEA@example.com", "theirs already"),
        ("project-lead", "theirs already"),
        ("Dana@example.com", "nobody approves their own request"),
        ("dana+x@example.com", "nobody approves their own request"),
    ],
)
async def test_passing_on_to_nobody_in_particular_is_refused_kindly(case: Case, delegate: str, why: str) -> None:
    case.desk = replace(case.desk, personas=("project-lead", "product-owner"))
    approval = await case.open()
    form = {**fields(await case.get(approval)), "verdict": "delegate", "delegate": delegate}
    answer = await case.post(approval, form)
    assert answer.status == 400
    assert why.casefold() in answer.body.casefold()
    assert case.decided == []


@pytest.mark.parametrize(("delegate", "persona"), [("omar@example.com", ""), ("product-owner", "product-owner")])
async def test_whom_it_was_passed_on_to_decides_and_who_passed_it_on_does_not(
    case: Case, delegate: str, persona: str
) -> None:
    given = Delegation(delegator=LEA.address, persona="project-lead", delegate=delegate)
    approval = await case.open(delegations=(given,), revision=1)
    assert "You passed this on to" in (await case.get(approval)).body
    shown = await case.get(approval, OMAR)
    assert "Somebody else should decide" not in shown.body
    await case.post(approval, {**fields(shown), "verdict": "approve"}, OMAR)
    (envelope,) = case.decided
    assert (envelope.data.approver, envelope.data.persona) == ("omar@example.com", persona)


async def test_an_action_is_shown_step_by_step_and_bound_by_its_digest(case: Case) -> None:
    action = HeldAction(
        service="retraining",
        about=str(endpoint_ref().entity),
        decision="d",
        digest=digest("9"),
        would=("submit_job", "publish mlops.retraining.started"),
    )
    approval = await case.open(candidate=None, action=action, evidence=None)
    shown = await case.get(approval)
    assert "<li>submit job</li>" in shown.body
    assert "<li>announce: retraining started</li>" in shown.body
    assert (await case.post(approval, {**fields(shown), "verdict": "approve"})).status == 303
    assert case.decided[0].data.package == digest("9")


async def test_the_evidence_of_an_action_says_why_and_what_in_detail(case: Case) -> None:
    """Each exhibit by its kind, and everything in it escaped."""
    asked = RetrainingRequested(
        endpoint=endpoint_ref(), model_name="flights", reason="drift <b>3 of 4</b>", data_until=NOW
    )
    job = Exhibit(kind="submit_job_of_tomorrow", data={"compute": "<gpu>", "cost": {"per_hour": 3.06}})
    body = Exhibits(because=(Exhibit.of_event(asked),), would=(job,)).body()
    approval = await case.open(candidate=None, action=ACTION, evidence=await case.evidence.keep(body))
    shown = (await case.get(approval)).body
    for text in ("drift &lt;b&gt;3 of 4&lt;/b&gt;", "Submit job of tomorrow", "&lt;gpu&gt;", "cost per hour", "3.06"):
        assert text in shown
    assert shown.index("3 of 4") < shown.index("Submit job of tomorrow")


@pytest.mark.parametrize("body", [b"[]", b"no JSON", b'{"because": 3}', b"\xff", b"[" * 100_000])
async def test_what_is_no_evidence_of_an_action_offers_no_decision(case: Case, body: bytes) -> None:
    approval = await case.open(candidate=None, action=ACTION, evidence=await case.evidence.keep(body))
    answer = await case.get(approval)
    assert "cannot be shown" in answer.body
    assert not fields(answer)


async def test_no_form_of_the_page_approves_by_the_enter_key_of_another_field(case: Case) -> None:
    """Browsers press a form's first button on Enter: the delegate's address is in a form of its own."""
    body = (await case.get(await case.open())).body
    passing = body[body.index('<form id="pass"') :]
    assert 'name="delegate"' in passing
    assert 'value="approve"' not in passing
