"""The proof, the invitations and the wiring of approvals, with real signatures."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.approvals.effects import InviteApprovers, OpenApproval, SettleApproval
from services.approvals.policy.state import EndpointApprovals
from services.approvals.reactions import gather_proof, service
from shared.adapters.memory import MemoryApprovals, MemoryNotifier
from shared.adapters.signing.links import Ed25519LinkSigner, Ed25519LinkVerifier
from shared.approvals import Approval
from shared.events import ActionFailed, ApprovalDecided, DeadlineReached
from shared.events.decision_statement import decision_statement
from shared.ports import Notice, Refused
from shared.reactor import Occasion
from tests.support.builders import NOW, digest, endpoint_ref, envelope, package_ref, urlsafe

KEY = Ed25519PrivateKey.generate()
SIGNER = Ed25519LinkSigner(urlsafe(KEY.private_bytes_raw()), "https://gateway.example.com")
VERIFIER = Ed25519LinkVerifier(urlsafe(KEY.public_key().public_bytes_raw()))
APPROVAL = Approval(
    id="a-1",
    scope=str(endpoint_ref().entity),
    endpoint=endpoint_ref(),
    candidate=package_ref(),
    evidence=digest("e"),
    title="May it serve?",
    summary="It passed.",
    requested_by="dana@example.com",
    personas=("project-lead", "model-tester"),
    opened_at=NOW,
    expires_at=NOW + timedelta(hours=3, microseconds=700_000),
)
OPEN = EndpointApprovals(open=APPROVAL)
CLAIM = ApprovalDecided(
    approval_id=APPROVAL.id,
    scope=APPROVAL.scope,
    verdict="approve",
    approver="lea@example.com",
    persona="project-lead",
    comment="good",
    package=digest("a"),
    evidence=digest("e"),
    proof="",
)
INVITE = InviteApprovers(
    approval_id=APPROVAL.id, personas=APPROVAL.personas, title="May it serve?", text="x", expires_at=APPROVAL.expires_at
)
OCCASION = Occasion("approvals", endpoint_ref().entity, envelope(CLAIM), NOW, 4)


def token() -> str:
    return SIGNER.link(APPROVAL.id, APPROVAL.expires_at).partition("token=")[2]


def proven(claim: ApprovalDecided, with_token: str) -> ApprovalDecided:
    return claim.model_copy(update={"proof": VERIFIER.proof(with_token, decision_statement(claim))})


async def test_what_the_gateway_proved_with_the_link_holds() -> None:
    assert (await gather_proof(proven(CLAIM, token()), OPEN, SIGNER)).holds


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "reject"},
        {"approver": "mallory@example.com"},
        {"persona": "model-tester"},
        {"comment": ""},
        {"package": digest("b")},
        {"evidence": None},
        {"proof": ""},
        {"proof": "ü"},
    ],
)
async def test_a_single_changed_word_breaks_the_proof(change: dict[str, str]) -> None:
    changed = proven(CLAIM, token()).model_copy(update=change)
    assert not (await gather_proof(changed, OPEN, SIGNER)).holds


async def test_the_token_of_another_approval_proves_nothing() -> None:
    other = SIGNER.link("a-2", APPROVAL.expires_at).partition("token=")[2]
    assert not (await gather_proof(proven(CLAIM, other), OPEN, SIGNER)).holds


async def test_there_is_nothing_to_prove_about_an_approval_that_is_not_open() -> None:
    assert not (await gather_proof(proven(CLAIM, token()), EndpointApprovals(), SIGNER)).holds


async def test_every_persona_gets_the_link_and_a_repeat_carries_the_same_keys() -> None:
    notifier = MemoryNotifier()
    for _ in range(2):
        await INVITE.perform(OCCASION, SIGNER, notifier)
    assert [notice.audience for notice in notifier.sent] == ["project-lead", "model-tester"] * 2
    assert len({notice.key for notice in notifier.sent}) == 2
    assert {notice.link for notice in notifier.sent} == {SIGNER.link(APPROVAL.id, APPROVAL.expires_at)}


class _FirstRefuses(MemoryNotifier):
    async def send(self, notice: Notice) -> None:
        if notice.audience == "project-lead":
            raise Refused("no such channel")
        await super().send(notice)


async def test_a_persona_that_cannot_be_told_keeps_nobody_else_from_being_told() -> None:
    notifier = _FirstRefuses()
    with pytest.raises(Refused, match="project-lead: no such channel"):
        await INVITE.perform(OCCASION, SIGNER, notifier)
    assert [notice.audience for notice in notifier.sent] == ["model-tester"]


async def test_opening_and_settling_show_in_what_the_gateway_reads() -> None:
    approvals = MemoryApprovals()
    await OpenApproval(approval=APPROVAL).perform(OCCASION, approvals)
    opened = await approvals.get("a-1")
    assert opened.status == "open"
    assert (opened.correlation_id, opened.causation_id) == (OCCASION.cause.correlation_id, OCCASION.cause.id)
    await SettleApproval(approval=APPROVAL.model_copy(update={"status": "granted"})).perform(approvals)
    assert (await approvals.get("a-1")).status == "granted"


def test_all_of_an_endpoints_approvals_share_one_state() -> None:
    assert service.reactions[ApprovalDecided].entity(CLAIM) == endpoint_ref().entity


def test_deadlines_and_failures_of_others_do_not_concern_it() -> None:
    about = str(endpoint_ref().entity)
    theirs = DeadlineReached(service="promotion", about=about, key="expire:a-1", at=NOW)
    assert service.reactions[DeadlineReached].entity(theirs) is None
    failed = ActionFailed(service="drift", about=about, decision="d", effect="publish", reason="no")
    assert service.reactions[ActionFailed].entity(failed) is None
    own = failed.model_copy(update={"service": "approvals"})
    assert service.reactions[ActionFailed].entity(own) == endpoint_ref().entity
