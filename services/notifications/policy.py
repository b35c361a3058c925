"""From an event to the words a person reads. Links never appear here: approvals sends its own invitations."""

from services.notifications.words import words
from shared.events import ActionFailed, Entity, Event
from shared.policies import PolicyDocument
from shared.reactor import Decision, Facts, Known, SendNotice, State


class Nothing(State):
    """Notifications remember nothing: the ledger's own record makes each notice happen once."""


def decide_notice(state: Nothing, facts: Facts[Known], event: Event, policy: PolicyDocument) -> Decision[Nothing]:
    audiences = policy.limits(endpoint_name(event, policy)).notifications.audiences
    heard_by = dict.fromkeys((*audiences.get(event.type, ()), *audiences.get(_of_one_service(event), ())))
    if not heard_by or _about_ourselves(event):
        return Decision(state)
    title, text = words(event)
    return Decision(state, [SendNotice(audience=who, title=title, text=text) for who in heard_by])


def _of_one_service(event: Event) -> str:
    """`type:service`, where an event says of which service it is."""
    return f"{event.type}:{getattr(event, 'service', '')}"


def _about_ourselves(event: Event) -> bool:
    """A notice that could not be sent is not announced by another notice."""
    return isinstance(event, ActionFailed) and event.service == "notifications"


def endpoint_name(event: Event, policy: PolicyDocument) -> str:
    """Whose limits hold: the event's endpoint, or the one its model serves; unknown names get the defaults."""
    endpoint = getattr(event, "endpoint", None)
    if endpoint is not None:
        return str(endpoint.name)
    entity: Entity = event.entity
    model = entity.name.partition(":")[0]
    return policy.endpoint_of(model) or model
