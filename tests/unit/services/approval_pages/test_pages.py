"""Pages and decisions over ports in memory, with real signatures."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.approval_pages import Answer, Desk, FormGuard, Person, decide, page
from services.approval_pages.view import number
from shared.adapters.links import Ed25519LinkSigner, Ed25519LinkVerifier
from shared.adapters.memory import MemoryApprovals, MemoryEventPublisher, MemoryEvidence
from shared.events import ApprovalDecided, CheckResult, DelegationRequested, Envelope, PackageRef
from shared.events.decision_statement import decision_statement
from shared.packages import StagingReport
from shared.ports import Approval, ApprovalStatus, Delegation, HeldAction, Hub, Refused, Say, Seat, Unavailable
from tests.support.builders import NOW, digest, endpoint_ref, package_ref, policy_document, urlsafe

KEY = Ed25519PrivateKey.generate()
SIGNER = Ed25519LinkSigner(urlsafe(KEY.private_bytes_raw()), "https://gateway.example.com")
LEA = Person("lea@example.com", "Lea Novak", ("model-end-user", "project-lead"))


class Case:
    """One approval on one desk."""

    def __init__(self) -> None:
        self.approvals, self.evidence, self.publisher = MemoryApprovals(), MemoryEvidence(), MemoryEventPublisher()
        self.desk = Desk(
            approvals=self.approvals,
            evidence=self.evidence,
            publisher=self.publisher,
            links=Ed25519LinkVerifier(urlsafe(KEY.public_key().public_bytes_raw())),
            guard=FormGuard(b"k" * 32),
        )
        self.cookies = ""

    async def open(self, **changes: Any) -> Approval:
        evidence = await self.evidence.keep(report())
        approval = Approval(
            id="a-1",
            endpoint=endpoint_ref(),
            candidate=package_ref("2"),
            evidence=evidence,
            title="May <flights:2> serve?",
            summary="It passed.",
            requested_by="dana@example.com",
            personas=("project-lead", "ml-engineer"),
            opened_at=NOW,
            expires_at=NOW + timedelta(hours=3),
        ).model_copy(update=changes)
        await self.approvals.put(approval)
        return approval

    async def get(self, approval: Approval, person: Person | None = LEA, **query: str) -> Answer:
        shown = await page(
            self.desk,
            approval_id=approval.id,
            query={"token": token(approval), **query},
            person=person,
            cookies=self.cookies,
            now=NOW,
            secure=True,
        )
        self.cookies = shown.headers.get("Set-Cookie", self.cookies).partition(";")[0]
        return shown

    async def post(self, approval: Approval, form: dict[str, str], person: Person | None = LEA) -> Answer:
        return await decide(
            self.desk, approval_id=approval.id, form=form, person=person, cookies=self.cookies, now=NOW, secure=True
        )

    @property
    def decided(self) -> list[Envelope[ApprovalDecided]]:
        return self.publisher.published["decisions"]


def token(approval: Approval) -> str:
    return SIGNER.link(approval.id, approval.expires_at).partition("token=")[2]


def fields(answer: Answer) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.body))


def report(champion: PackageRef | None = None, candidate: PackageRef | None = None, rows: int = 0) -> bytes:
    checks = (
        CheckResult(name="golden_rows", verdict="passed", measured=1.25e-7, limit=1e-4),
        CheckResult(name="bias", verdict="inconclusive", detail="<script>alert(1)</script>"),
        CheckResult(name="latency", verdict="failed", measured=180.0, limit=100.0, unit="ms"),
    )
    body = StagingReport(
        verdict="inconclusive",
        reason="a person decides",
        candidate=candidate or package_ref("2"),
        champion=champion,
        endpoint=endpoint_ref(),
        limits=policy_document().limits("flights").staging.suite,
        checks=checks,
        rows=rows,
        first_row=NOW if rows else None,
        last_row=NOW if rows else None,
    )
    return body.model_dump_json().encode()


@pytest.fixture
def case() -> Case:
    return Case()


async def test_the_worst_checks_come_first_with_number_limit_and_verdict(case: Case) -> None:
    shown = (await case.get(await case.open())).body
    assert shown.index("latency") < shown.index("bias") < shown.index("golden rows")
    for text in ("180 ms", "100 ms", "1.25e-07", "not conclusive", "nothing serves this endpoint yet"):
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
    approval = await case.open(status=status, decided_by="ana@example.com", reason="because")
    answer = await case.get(approval)
    assert answer.status == 200
    for text in (f"This request is {status}", "ana@example.com", "because"):
        assert text in answer.body
    assert not fields(answer)
    assert "refresh" not in answer.body


async def test_after_a_decision_the_status_page_looks_again_and_stops_at_last(case: Case) -> None:
    approval = await case.open()
    first = await case.get(approval, token="", sent="approve")
    assert 'content="2; url=/approvals/a-1?sent=approve&amp;look=2"' in first.body
    for look in ("20", "999999"):
        assert "refresh" not in (await case.get(approval, token="", sent="approve", look=look)).body
    for sent in ("x", ""):
        assert "This request is open" in (await case.get(approval, token="", sent=sent)).body
    for look in ("x", "-1", "²", "9" * 5000):
        assert "look=2" in (await case.get(approval, token="", sent="reject", look=look)).body


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


async def test_a_requester_is_recognised_by_name_too(case: Case) -> None:
    approval = await case.open(requested_by="LEA novak")
    assert "You asked for this yourself" in (await case.get(approval)).body


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
        (99.5, "ms", "99.5 ms"),
    ],
)
def test_numbers_are_short_and_keep_their_unit(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


# --- several persons, and passing it on

LEADS = Seat(personas=("project-lead",))
SCIENTISTS = Seat(personas=("data-scientist",))
SAM = Person("sam@example.com", "Sam Ito", ("data-scientist",))
OMAR = Person("omar@example.com", "Omar Diallo", ("product-owner",))
SEATS: dict[str, Any] = {"personas": ("project-lead", "data-scientist"), "seats": (LEADS, SCIENTISTS)}


async def test_of_several_persons_the_page_says_who_has_approved_and_who_is_waited_for(case: Case) -> None:
    said = Say(approver=SAM.address, persona="data-scientist")
    shown = await case.get(await case.open(**SEATS, says=(said,), revision=1))
    assert "sam@example.com (data-scientist)" in shown.body
    assert "<dt>Still waited for</dt><dd>project-lead</dd>" in shown.body
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
        service="retraining", about=str(endpoint_ref().entity), decision="d", would=("submit_job",), digest=digest("9")
    )
    approval = await case.open(candidate=None, action=action, evidence=None)
    shown = await case.get(approval)
    assert "<li>submit_job</li>" in shown.body
    assert (await case.post(approval, {**fields(shown), "verdict": "approve"})).status == 303
    assert case.decided[0].data.package == digest("9")


async def test_no_form_of_the_page_approves_by_the_enter_key_of_another_field(case: Case) -> None:
    """Browsers press a form's first button on Enter: the delegate's address is in a form of its own."""
    body = (await case.get(await case.open())).body
    passing = body[body.index('<form id="pass"') :]
    assert 'name="delegate"' in passing
    assert 'value="approve"' not in passing
