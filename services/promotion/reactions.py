"""Gathers the serving manifest and what the instances report."""

from datetime import timedelta

from services.promotion import policy
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    ApprovalGranted,
    DeadlineReached,
    EndpointRef,
    Entity,
    PromotionAborted,
    PromotionCompleted,
    PromotionStarted,
)
from shared.policies import PolicyDocument
from shared.ports import Clock, Folds, ServingManifests
from shared.reactor import Service
from shared.serving import Instances, fold_reports, live

service = Service("promotion", state=policy.Promotion)


async def gather_serving(event: ApprovalGranted, manifests: ServingManifests) -> policy.Serving:
    return policy.Serving(manifest=await manifests.read(event.endpoint))


async def gather_manifest(event: ActionFailed | ActionSuperseded, manifests: ServingManifests) -> policy.Serving:
    return policy.Serving(manifest=await manifests.read(EndpointRef.from_entity(event.entity)))


async def gather_live(
    event: DeadlineReached, manifests: ServingManifests, folds: Folds, clock: Clock, document: PolicyDocument
) -> policy.Live:
    endpoint = EndpointRef.from_entity(event.entity)
    since = clock.now() - timedelta(seconds=document.limits(endpoint.name).promotion.silent_s)
    instances = live(await folds.all("promotion", "predictions"), endpoint, since)
    return policy.Live(manifest=await manifests.read(endpoint), instances=instances)


def ours(event: DeadlineReached | ActionFailed | ActionSuperseded) -> Entity | None:
    return event.entity if event.service == service.name else None


service.reacts_to(
    ApprovalGranted,
    gather=gather_serving,
    decide=policy.decide_granted,
    entity=lambda event: event.endpoint.entity,
    emits=[PromotionStarted],
)
service.reacts_to(
    DeadlineReached,
    gather=gather_live,
    decide=policy.decide_look,
    entity=ours,
    emits=[PromotionCompleted, PromotionAborted],
)
for _event_type in (ActionFailed, ActionSuperseded):
    service.reacts_to(
        _event_type, gather=gather_manifest, decide=policy.decide_not_performed, entity=ours, emits=[PromotionAborted]
    )
service.folds_from("predictions", state=Instances, fold=fold_reports)
