"""Gathers what serves, how the way back was rehearsed, and what the instances report."""

from datetime import timedelta

from pydantic import ValidationError

from services.rollback import policy
from services.rollback.limits import RollbackLimits
from services.rollback.policy.state import Live, Ordered, Rollback, Serving
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    CommandRefused,
    DeadlineReached,
    EndpointRef,
    RollbackCompleted,
    RollbackFailed,
    RollbackOrdered,
    RollbackRequested,
    RollbackStarted,
    RollbackSuperseded,
)
from shared.events.command_statement import command_statement
from shared.packages import Rehearsal, StagingReport
from shared.policies import PolicyDocument
from shared.ports import Clock, CommandVerifier, Evidence, LiveInstances, Refused, ServingManifests
from shared.reactor import Service

service = Service(__package__, lane="lifecycle", state=Rollback)


async def gather_serving(
    event: RollbackRequested | ActionFailed | ActionSuperseded,
    state: Rollback,
    manifests: ServingManifests,
    evidence: Evidence,
) -> Serving:
    return await _serving(EndpointRef.from_entity(event.entity), state, manifests, evidence)


async def gather_order(
    event: RollbackOrdered,
    event_id: str,
    state: Rollback,
    commands: CommandVerifier,
    manifests: ServingManifests,
    evidence: Evidence,
) -> Ordered:
    forged = commands.refusal(command_statement(event, event_id), event.proof)
    serving = await _serving(event.endpoint, state, manifests, evidence)
    return Ordered(**dict(serving), forged=forged)


async def _serving(endpoint: EndpointRef, state: Rollback, manifests: ServingManifests, evidence: Evidence) -> Serving:
    manifest = await manifests.read(endpoint)
    found: dict[str, Rehearsal] = {}
    for route in manifest.routes:
        rehearsal = await _rehearsal(state.approved.get(route.package.digest), evidence)
        if rehearsal:
            found[route.package.digest] = rehearsal
    return Serving(manifest=manifest, rehearsals=found)


async def _rehearsal(report: str | None, evidence: Evidence) -> Rehearsal | None:
    """A report that cannot be read holds up no rollback: the proof of the instances is what counts."""
    if report is None:
        return None
    try:
        return StagingReport.model_validate_json(await evidence.read(report)).rehearsal
    except (Refused, ValidationError):
        return None


async def gather_live(
    event: DeadlineReached, manifests: ServingManifests, reports: LiveInstances, clock: Clock, document: PolicyDocument
) -> Live:
    endpoint = EndpointRef.from_entity(event.entity)
    since = clock.now() - timedelta(seconds=document.section(RollbackLimits, endpoint).silent_s)
    instances = await reports.of(endpoint, since)
    return Live(manifest=await manifests.read(endpoint), instances=dict(instances))


service.reacts_to(ApprovalGranted, decide=policy.decide_granted, entity=lambda event: event.endpoint.entity)
service.reacts_to(
    RollbackRequested,
    gather=gather_serving,
    decide=policy.decide_requested,
    emits=[RollbackStarted, RollbackFailed, RollbackSuperseded],
)
# A person has decided, and what follows finishes what was begun: no mode holds these, a brake does.
service.reacts_to(
    RollbackOrdered,
    gather=gather_order,
    decide=policy.decide_ordered,
    emits=[RollbackStarted, RollbackFailed, RollbackSuperseded, CommandRefused],
    any_mode=True,
)
service.reacts_to(
    DeadlineReached,
    gather=gather_live,
    decide=policy.decide_look,
    emits=[RollbackCompleted, RollbackFailed, RollbackSuperseded],
    any_mode=True,
)
_NOT_DONE = (RollbackFailed, RollbackSuperseded)
service.reacts_to(
    ActionFailed, gather=gather_serving, decide=policy.decide_not_performed, emits=_NOT_DONE, any_mode=True
)
service.reacts_to(
    ActionSuperseded, gather=gather_serving, decide=policy.decide_not_performed, emits=_NOT_DONE, any_mode=True
)
