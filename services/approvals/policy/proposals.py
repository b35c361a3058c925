"""Asking whether something that a service has decided may be done (F25): each such question is a chain of its own."""

from datetime import timedelta

from services.approvals.limits import ApprovalLimits
from services.approvals.policy.asking import escalation, opening
from services.approvals.policy.four_eyes import UNKNOWN, AskedBy, may_decide, seats
from services.approvals.policy.state import EndpointApprovals
from shared.approvals import Approval, HeldAction
from shared.events import ActionProposed, Entity, derive_id
from shared.policies import People, PolicyDocument
from shared.reactor import Decision, Facts

_PREFIX = "action-"
REQUESTER = "sluice"
_ASKS_FIRST = "The policy has {service} ask first. It heard of {because} and would now do this."


def action_id(event: ActionProposed) -> str:
    return f"{_PREFIX}{derive_id('approval of action', event.service, event.about, event.decision)}"


def is_of_action(approval_id: str) -> bool:
    return approval_id.startswith(_PREFIX)


def chain_of(event: ActionProposed) -> Entity:
    return Entity.of(Entity.parse(event.scope).workspace, "approval", action_id(event))


def decide_to_propose(
    state: EndpointApprovals, facts: Facts[AskedBy], event: ActionProposed, policy: PolicyDocument
) -> Decision[EndpointApprovals]:
    """One question for each decision, however often it is heard of."""
    identity = action_id(event)
    if state.open or state.ended(identity):
        return Decision(state)
    scope = Entity.parse(event.scope)
    limits, people = policy.section(ApprovalLimits, scope), policy.section(People, scope)
    requesters = facts.known.requesters
    summary = event.reason or _ASKS_FIRST.format(service=event.service, because=event.because)
    unknown = bool(event.packages) and not requesters
    approval = Approval(
        id=identity,
        scope=event.scope,
        action=HeldAction(
            service=event.service, about=event.about, decision=event.decision, would=event.would, digest=event.digest,
            answer=event.answer,
        ),
        evidence=event.evidence,
        title=event.question or f"May {event.service} act for {scope.name}?",
        summary=f"{summary} {UNKNOWN}" if unknown else summary,
        requested_by=event.requested_by or REQUESTER,
        requesters=requesters,
        personas=may_decide(limits, people),
        seats=seats(limits, people, second_person=unknown),
        opened_at=facts.now,
        expires_at=facts.now + timedelta(seconds=people.expires_after_s),
        escalation=escalation(limits, people, facts.now),
    )  # fmt: skip
    opened = EndpointApprovals(open=approval, settled=state.settled, decision=facts.event_id)
    return Decision(opened, opening(approval, limits))
