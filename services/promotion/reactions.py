"""Gathers the serving manifest, the rehearsal, what the instances report, and what staging saw of the predictions."""

import json
from datetime import timedelta

from pydantic import ValidationError

from services.promotion import policy
from services.promotion.limits import PromotionLimits
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionFailed,
    ActionProposed,
    ActionSuperseded,
    ApprovalGranted,
    DeadlineReached,
    EndpointRef,
    PromotionAborted,
    PromotionCompleted,
    PromotionRefused,
    PromotionStarted,
    PromotionStepped,
    RollbackRequested,
)
from shared.packages import StagingReport
from shared.policies import PolicyDocument
from shared.ports import Clock, Evidence, Instance, LiveInstances, Refused, ServingManifests
from shared.profiles import Reference, buckets_of
from shared.reactor import Service

service = Service(__package__, lane="lifecycle", state=policy.Promotion)


async def gather_approved(event: ApprovalGranted, manifests: ServingManifests, evidence: Evidence) -> policy.Approved:
    """The approval names the report that a person saw: its rehearsal is what counts."""
    manifest = await manifests.read(event.endpoint)
    if event.evidence is None:
        return policy.Approved(manifest=manifest, problem="the approval names no staging report")
    try:
        report = StagingReport.model_validate_json(await evidence.read(event.evidence))
    except (Refused, ValidationError) as error:
        return policy.Approved(manifest=manifest, problem=f"the staging report cannot be read: {_first_line(error)}")
    if (report.candidate, report.endpoint) != (event.candidate, event.endpoint):
        return policy.Approved(manifest=manifest, problem="the staging report is about another candidate")
    return policy.Approved(manifest=manifest, rehearsed=report.rehearsal.package if report.rehearsal else None)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


async def gather_manifest(event: ActionFailed | ActionSuperseded, manifests: ServingManifests) -> policy.Serving:
    return policy.Serving(manifest=await manifests.read(EndpointRef.from_entity(event.entity)))


async def gather_live(
    event: DeadlineReached | ActionApproved | ActionDeclined, state: policy.Promotion, manifests: ServingManifests,
    reports: LiveInstances, evidence: Evidence, clock: Clock, document: PolicyDocument,
) -> policy.Live:  # fmt: skip
    endpoint = EndpointRef.from_entity(event.entity)
    since = clock.now() - timedelta(seconds=document.section(PromotionLimits, endpoint).silent_s)
    instances = await reports.of(endpoint, since)
    routes = [route for route in (state.route, state.before) if route]
    digests = {route.package.digest for route in routes}
    return policy.Live(
        manifest=await manifests.read(endpoint),
        instances={name: _only(instance, digests) for name, instance in instances.items()},
        reference=await _reference(state, evidence),
    )


def _only(instance: Instance, digests: set[str]) -> Instance:
    versions = {digest: report for digest, report in instance.versions.items() if digest in digests}
    return instance.model_copy(update={"versions": versions})


async def _reference(state: policy.Promotion, evidence: Evidence) -> tuple[int, ...] | None:
    """What staging counted of the candidate's predictions; empty when it cannot be had or is no distribution."""
    if state.route is None or state.route.profile is None:
        return None
    try:
        reference = Reference.from_json(json.loads(await evidence.read(state.route.profile)))
        column = reference.columns[reference.prediction]
    except (Refused, ValueError, KeyError, TypeError, AttributeError):
        return ()
    return buckets_of(column)


service.reacts_to(
    ApprovalGranted,
    gather=gather_approved,
    decide=policy.decide_granted,
    entity=lambda event: event.endpoint.entity,
    emits=[PromotionStarted, PromotionRefused, PromotionAborted],
)
_GOES_ON = (PromotionStepped, PromotionCompleted, PromotionAborted, RollbackRequested)
service.reacts_to(
    DeadlineReached,
    gather=gather_live,
    decide=policy.decide_look,
    emits=[*_GOES_ON, ActionProposed],
)
service.reacts_to(ActionApproved, gather=gather_live, decide=policy.decide_answer, emits=_GOES_ON)
service.reacts_to(ActionDeclined, gather=gather_live, decide=policy.decide_answer, emits=_GOES_ON)
_ENDS = (PromotionCompleted, PromotionAborted, RollbackRequested)
service.reacts_to(ActionFailed, gather=gather_manifest, decide=policy.decide_not_performed, emits=_ENDS)
service.reacts_to(ActionSuperseded, gather=gather_manifest, decide=policy.decide_not_performed, emits=_ENDS)
