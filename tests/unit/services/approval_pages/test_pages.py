"""Pages and decisions over ports in memory, with real signatures."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from services.approval_pages import Person
from services.approval_pages.values import number
from shared.adapters.memory import MemoryEventPublisher
from shared.approvals import ApprovalStatus, Say
from shared.events import Envelope
from shared.ports import Hub, Refused, Unavailable
from tests.support.builders import NOW, digest, package_ref
from tests.unit.services.approval_pages.case import Case, fields, report, token

ENDED: dict[str, Any] = {"opened_at": NOW - timedelta(hours=5), "settled_at": NOW - timedelta(hours=2)}


async def test_the_worst_checks_come_first_with_number_limit_and_verdict(case: Case) -> None:
    shown = (await case.get(await case.open())).body
    assert shown.index("latency") < shown.index("bias") < shown.index("golden rows")
    for text in ("180 ms", "100 ms", "1.25 × 10⁻⁷", "not conclusive", "nothing serves this endpoint yet"):
        assert text in shown
    assert "no labelled production rows" in shown


async def test_champion_and_compared_rows_are_shown(case: Case) -> None:
    evidence = await case.evidence.keep(report(champion=package_ref("1", "c"), rows=12_345))
    shown = (await case.get(await case.open(evidence=evidence))).body
    assert "flights:1 (cccccccccccc)" in shown
    assert "12,345 labelled production rows of 2026-03-02 to 2026-03-02" in shown


async def test_everything_from_outside_is_escaped(case: Case) -> None:
    shown = (await case.get(await case.open(requested_by='"><img src=x>', summary="<i>"))).body
    for markup in ("<script", "<img", "<flights", "<i>"):
        assert markup not in shown
    assert "&lt;script&gt;" in shown


async def test_the_style_is_the_one_that_the_policy_names_and_nothing_else_is_loaded(case: Case) -> None:
    answer = await case.get(await case.open())
    style = answer.body.partition("<style>")[2].partition("</style>")[0]
    sha = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{sha}'" in answer.headers["Content-Security-Policy"]
    for loading in ("<script", "<link", "<img", "@import", "url(", " style=", "http://", "https://"):
        assert loading not in answer.body


@pytest.mark.parametrize("evidence", [b"{}", report(candidate=package_ref("9", "9"))])
async def test_evidence_that_is_no_report_on_this_candidate_offers_no_decision(case: Case, evidence: bytes) -> None:
    answer = await case.get(await case.open(evidence=await case.evidence.keep(evidence)))
    assert "cannot be shown" in answer.body
    assert not fields(answer)


async def test_altered_evidence_offers_no_decision(case: Case) -> None:
    approval = await case.open()
    assert approval.evidence
    case.evidence.bodies[approval.evidence] = report(rows=1)
    assert "was altered" in (await case.get(approval)).body


async def test_an_approval_without_evidence_can_be_decided(case: Case) -> None:
    approval = await case.open(evidence=None)
    form = {**fields(await case.get(approval)), "verdict": "reject"}
    assert (await case.post(approval, form)).status == 303
    assert case.decided[0].data.evidence is None


@pytest.mark.parametrize("status", ["granted", "rejected", "expired", "superseded"])
async def test_a_settled_approval_shows_how_it_ended_and_no_form(case: Case, status: ApprovalStatus) -> None:
    approval = await case.open(status=status, decided_by="ana@example.com", reason="because", **ENDED)
    answer = await case.get(approval)
    assert answer.status == 200
    for text in (f"This request is {status}", "ana@example.com", "because", "latency", "Ended on", "2 hours ago"):
        assert text in answer.body
    assert not fields(answer)
    assert "refresh" not in answer.body


async def test_after_a_decision_the_status_page_offers_to_look_again_and_does_nothing_by_itself(case: Case) -> None:
    approval = await case.open()
    first = await case.get(approval, token="", sent="approve", seen="3")
    assert '<a class="button again" href="/approvals/a-1?sent=approve&amp;seen=3">Look again</a>' in first.body
    assert "http-equiv" not in first.body
    for sent in ("x", ""):
        assert "This request is open" in (await case.get(approval, token="", sent=sent)).body
    for seen in ("x", "-1", "²", "9" * 5000):
        assert (
            'href="/approvals/a-1?sent=reject"' in (await case.get(approval, token="", sent="reject", seen=seen)).body
        )


async def test_a_decision_carries_exactly_what_was_shown(case: Case) -> None:
    approval = await case.open(correlation_id="chain", causation_id="cause")
    form = {**fields(await case.get(approval)), "verdict": "approve", "comment": " fine" + "\r\n" * 1200 + "or not "}
    answer = await case.post(approval, form)
    assert (answer.status, answer.headers["Location"]) == (303, "/approvals/a-1?sent=approve")
    (envelope,) = case.decided
    assert (envelope.correlation_id, envelope.causation_id) == ("chain", "cause")
    decided = envelope.data
    assert (decided.package, decided.evidence) == (approval.subject, approval.evidence)
    assert (decided.approver, decided.persona, decided.comment) == (
        "lea@example.com",
        "project-lead",
        "fine" + "\n" * 1200 + "or not",
    )
    assert token(approval) not in str(envelope)


async def test_approve_and_reject_by_one_person_are_two_events_and_each_is_one(case: Case) -> None:
    approval = await case.open()
    form = fields(await case.get(approval))
    for verdict in ("approve", "reject", "approve"):
        await case.post(approval, {**form, "verdict": verdict})
    first, second, third = case.decided
    assert first.id == third.id != second.id


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"package": digest("b")}, 409),
        ({"evidence": digest("b")}, 409),
        ({"evidence": ""}, 409),
        ({"verdict": ""}, 400),
        ({"verdict": "Approve"}, 400),
        ({"comment": "x" * 2001}, 400),
        ({"token": ""}, 403),
        ({"form": ""}, 403),
    ],
)
async def test_a_form_that_says_something_else_decides_nothing(
    case: Case, change: dict[str, str], status: Literal[400, 403, 409]
) -> None:
    approval = await case.open()
    form = {**fields(await case.get(approval)), "verdict": "approve", **change}
    assert (await case.post(approval, form)).status == status
    assert not case.decided


@pytest.mark.parametrize("requester", ["lea@example.com", "0b1c2d3e-0000-4000-8000-00000000000e"])
async def test_a_requester_is_recognised_by_address_and_object_id(case: Case, requester: str) -> None:
    lea = Person("Lea+work@example.com", "Lea Novak", ("project-lead",), "0b1c2d3e-0000-4000-8000-00000000000e")
    approval = await case.open(requested_by="Dana Okafor", requesters=(requester,))
    assert "You asked for this yourself" in (await case.get(approval, lea)).body


async def test_a_namesake_of_the_requester_may_decide(case: Case) -> None:
    """A display name, which anybody may have, is no identity."""
    approval = await case.open(requested_by="LEA novak")
    assert "You asked for this yourself" not in (await case.get(approval)).body


async def test_the_decision_carries_the_object_id_that_control_compares(case: Case) -> None:
    lea = Person("lea@example.com", "Lea Novak", ("project-lead",), "0b1c2d3e-0000-4000-8000-00000000000e")
    approval = await case.open()
    shown = await case.get(approval, lea)
    await case.post(approval, {**fields(shown), "verdict": "approve"}, lea)
    assert case.decided[0].data.approver_id == lea.object_id


class _Publisher(MemoryEventPublisher):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        raise self._error


async def test_a_decision_that_the_hub_refuses_is_said_to_have_failed(case: Case) -> None:
    approval = await case.open()
    form = {**fields(await case.get(approval)), "verdict": "approve"}
    case.desk = replace(case.desk, publisher=_Publisher(Refused("no right")))
    answer = await case.post(approval, form)
    assert answer.status == 500
    assert "nothing was decided" in answer.body


async def test_a_hub_that_cannot_be_reached_is_left_to_the_door(case: Case) -> None:
    approval = await case.open()
    form = {**fields(await case.get(approval)), "verdict": "approve"}
    case.desk = replace(case.desk, publisher=_Publisher(Unavailable("busy")))
    with pytest.raises(Unavailable):
        await case.post(approval, form)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "ms", "\N{EN DASH}"),
        (0.0, "", "0"),
        (0.73125, "", "0.7312"),
        (123456.7, "", "123,457"),
        (-0.02, "", "-0.02"),
        (1.147e-8, "", "1.15 × 10⁻⁸"),
        (-0.00025, "nats", "-2.5 × 10⁻⁴ nats"),
        (99.5, "ms", "99.5 ms"),
    ],
)
def test_numbers_are_short_and_keep_their_unit(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


async def test_the_page_says_what_follows_from_each_answer_and_who_may_not_give_one(case: Case) -> None:
    shown = (await case.get(await case.open())).body
    for text in (
        "If it is approved", "If it is rejected", "If nobody decides by", "in 3 hours", "begins to answer requests",
        "dana@example.com asked for it, and nobody approves their own request", "0 of 1",
    ):  # fmt: skip
        assert text in shown


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        (Person("lea@example.com", "Lea Novak", ("project-lead",)), True),
        (Person("dana@example.com", "Dana Okafor", ()), True),
        (Person("sam@example.com", "Sam Ito", ()), True),
        (Person("uma@example.com", "Uma Iyer", ("model-end-user",)), False),
    ],
)
async def test_without_the_link_its_evidence_is_for_those_whom_it_concerns(
    case: Case, person: Person, sees: bool
) -> None:
    """Whoever may decide, asked, or has said something; how it ended is told to all who sign in."""
    says = (Say(approver="sam@example.com", persona="model-tester"),)
    approval = await case.open(status="granted", decided_by="sam@example.com", says=says, **ENDED)
    shown = (await case.get(approval, person, token="")).body
    assert "This request is granted" in shown
    assert ("latency" in shown) == sees


async def test_a_settled_page_says_when_its_evidence_cannot_be_shown(case: Case) -> None:
    approval = await case.open(status="granted", evidence=await case.evidence.keep(b"{}"), **ENDED)
    assert "The evidence cannot be shown (it is not a staging report)." in (await case.get(approval)).body


async def test_an_expired_link_leads_to_how_it_ended(case: Case) -> None:
    approval = await case.open(expires_at=NOW - timedelta(seconds=1))
    answer = await case.get(approval)
    assert answer.status == 410
    assert 'href="/approvals/a-1"' in answer.body
