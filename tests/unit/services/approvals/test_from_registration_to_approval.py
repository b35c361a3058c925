"""Registration, staging and approvals together, through the real reactor over ports in memory.

Every event is delivered twice, and no job event ever comes: deadlines alone must suffice.
"""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services import approvals, registration, staging
from shared import ports
from shared.adapters.memory import (
    ManualClock,
    MemoryApprovals,
    MemoryBrakes,
    MemoryDeadlines,
    MemoryEventPublisher,
    MemoryEvidence,
    MemoryJobs,
    MemoryLedger,
    MemoryModelPackages,
    MemoryModels,
    MemoryNotifier,
    MemoryServingManifests,
)
from shared.adapters.signing.links import Ed25519LinkSigner, Ed25519LinkVerifier
from shared.events import ApprovalDecided, CheckResult, Envelope, JobRef, ModelRegistered
from shared.events.decision_statement import decision_statement
from shared.events.staging import Verdict
from shared.packages import StagingReport, StagingRequestBody, digest
from shared.policies import PolicyDocument
from shared.reactor import Reactor, Wiring, ring
from tests.support.builders import model_ref, policy_document, urlsafe
from tests.support.onnx_models import package_files

FILES = package_files()
POLICY = policy_document(people={"personas": ["project-lead"]})
SERVICES = (registration.service, staging.service, approvals.service)
KEY = Ed25519PrivateKey.generate()


class World:
    """All that control has, in memory, and a hand on the clock."""

    def __init__(self) -> None:
        workspaces = list(POLICY.workspace_ids)
        self.clock, self.publisher, self.deadlines = ManualClock(), MemoryEventPublisher(), MemoryDeadlines()
        self.jobs, self.evidence, self.approvals = MemoryJobs(workspaces), MemoryEvidence(), MemoryApprovals()
        self.packages, self.models, self.notifier = MemoryModelPackages(), MemoryModels(workspaces), MemoryNotifier()
        self.ledger = MemoryLedger()
        self.wiring = Wiring(
            {
                PolicyDocument: POLICY,
                ports.Approvals: self.approvals,
                ports.Brakes: MemoryBrakes(),
                ports.Deadlines: self.deadlines,
                ports.EventPublisher: self.publisher,
                ports.Evidence: self.evidence,
                ports.Jobs: self.jobs,
                ports.Ledger: self.ledger,
                ports.LinkSigner: Ed25519LinkSigner(urlsafe(KEY.private_bytes_raw()), "https://gateway.example.com"),
                ports.ModelPackages: self.packages,
                ports.Models: self.models,
                ports.Notifier: self.notifier,
                ports.ServingManifests: MemoryServingManifests(),
            }
        )
        self.reactor = Reactor(self.wiring, self.ledger, self.publisher, self.clock, POLICY, "one")
        self.delivered = 0

    async def register(self) -> None:
        self.packages.locations["models/1"] = FILES
        registered = ports.RegisteredModel(model_ref(), "models/1", {}, "dana@example.com", created_by_type="User")
        self.models.register(registered)
        await self.deliver(ModelRegistered(model=model_ref()), "registered")

    async def deliver(self, event: Any, id: str) -> None:
        """The event, twice, and whatever follows from it."""
        first = Envelope.first(event, id=id, source="/test", time=self.clock.now())
        for envelope in (first, first):
            await self._hand_out(envelope)
        await self.settle()

    async def settle(self) -> None:
        published = self.publisher.published["events"]
        while self.delivered < len(published):
            envelope = published[self.delivered]
            self.delivered += 1
            for _ in range(2):
                await self._hand_out(envelope)

    async def _hand_out(self, envelope: Envelope[Any]) -> None:
        for service in SERVICES:
            await self.reactor.handle(service, envelope)

    async def later(self, by: timedelta) -> None:
        self.clock.advance(by)
        await ring(self.deadlines, self.publisher, self.clock)
        await self.settle()

    async def judge(self, verdict: Verdict) -> JobRef:
        """What the staging job does: read its request, leave a report."""
        ((job, request),) = self.jobs.submitted.items()
        asked = getattr(request.work, "command", "").rpartition(" ")[2]
        body = StagingRequestBody.model_validate_json(await self.evidence.read(asked))
        report = StagingReport(
            verdict=verdict,
            reason="as measured",
            candidate=body.candidate,
            champion=body.champion,
            endpoint=body.endpoint,
            limits=body.limits,
            checks=(CheckResult(name="golden_rows", verdict=verdict),),
            rows=0,
        )
        self.evidence.reports[job.name] = await self.evidence.keep(report.model_dump_json().encode())
        self.jobs.end(job, "completed")
        return job

    def decision(self, **changes: Any) -> ApprovalDecided:
        """What the gateway sends when somebody with the link decides."""
        (approval,) = self.approvals.approvals.values()
        claim = ApprovalDecided(
            approval_id=approval.id,
            scope=approval.scope,
            verdict="approve",
            approver="lea@example.com",
            persona="project-lead",
            package=approval.subject,
            evidence=approval.evidence,
            proof="",
        ).model_copy(update=changes)
        token = self.notifier.sent[0].link.partition("token=")[2]
        verifier = Ed25519LinkVerifier(urlsafe(KEY.public_key().public_bytes_raw()))
        return claim.model_copy(update={"proof": verifier.proof(token, decision_statement(claim))})

    def types(self) -> list[str]:
        found = [envelope.data.type.removeprefix("mlops.") for envelope in self.publisher.published["events"]]
        return [kind for kind in found if kind != "deadline.reached"]


def _check(world: World) -> None:
    """Gatherers alone: which effects exist depends on what other tests have imported."""
    for service in SERVICES:
        for reaction in service.reactions.values():
            if reaction.gather:
                world.wiring.arguments(reaction.gather, event=None, state=None)


@pytest.fixture
async def world() -> World:
    found = World()
    _check(found)
    await found.register()
    return found


async def test_a_model_is_adopted_staged_asked_about_and_approved_each_once(world: World) -> None:
    assert world.packages.adopted == {digest(FILES): FILES}
    await world.later(timedelta(seconds=6))
    assert world.types() == ["staging.requested", "staging.started"]
    await world.judge("passed")
    await world.later(timedelta(seconds=30))
    assert world.types()[2:] == ["staging.passed", "approval.requested"]
    assert len(world.notifier.sent) == 1
    await world.deliver(world.decision(), "decided")
    assert world.types()[4:] == ["approval.granted"]
    (approval,) = world.approvals.approvals.values()
    assert (approval.status, approval.decided_by) == ("granted", "lea@example.com")


async def test_reject_after_approve_is_refused(world: World) -> None:
    await world.judge("passed")
    await world.later(timedelta(seconds=6))
    await world.deliver(world.decision(), "first")
    await world.deliver(world.decision(verdict="reject"), "second")
    assert world.types()[-2:] == ["approval.granted", "approval.refused"]


async def test_the_requester_cannot_approve(world: World) -> None:
    await world.judge("passed")
    await world.later(timedelta(seconds=6))
    await world.deliver(world.decision(approver="DANA@example.com"), "decided")
    assert world.types()[-1] == "approval.refused"


async def test_a_failed_candidate_is_not_asked_about(world: World) -> None:
    await world.judge("failed")
    await world.later(timedelta(seconds=6))
    assert world.types()[2:] == ["staging.failed"]
    assert not world.notifier.sent


async def test_a_job_that_never_ends_is_cancelled_and_inconclusive(world: World) -> None:
    for _ in range(40):
        await world.later(timedelta(seconds=30))
    assert world.types()[2:] == ["staging.inconclusive"]
    ((job, _),) = world.jobs.submitted.items()
    assert await world.jobs.state(job) == "canceled"


async def test_what_nobody_decides_expires_after_one_reminder(world: World) -> None:
    await world.judge("passed")
    await world.later(timedelta(seconds=6))
    for _ in range(8):
        await world.later(timedelta(hours=12))
    assert world.types()[2:] == ["staging.passed", "approval.requested", "approval.expired"]
    assert [notice.title.startswith("Reminder") for notice in world.notifier.sent] == [False, True]
    (approval,) = world.approvals.approvals.values()
    assert approval.status == "expired"


async def test_every_published_event_has_its_cause_and_stays_in_one_chain(world: World) -> None:
    await world.judge("passed")
    await world.later(timedelta(seconds=6))
    published = world.publisher.published["events"]
    known = {"registered", *(envelope.id for envelope in published)}
    assert {envelope.causation_id for envelope in published} <= known
    assert {envelope.correlation_id for envelope in published} == {"registered"}
    everything = b"".join(message.body for messages in world.publisher.messages.values() for message in messages)
    assert world.notifier.sent[0].link.partition("token=")[2].encode() not in everything
