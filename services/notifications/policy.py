"""From an event to the words a person reads. Links never appear here: approvals sends its own invitations."""

from shared.events import ActionFailed, ActionPending, Announcement, Entity, Event
from shared.policies import PolicyDocument
from shared.reactor import Decision, Facts, Known, SendNotice, State


class Nothing(State):
    """Notifications remember nothing: the ledger's own record makes each notice happen once."""


def decide_notice(state: Nothing, facts: Facts[Known], event: Event, policy: PolicyDocument) -> Decision[Nothing]:
    said = event.notice()
    if said is None or _about_ourselves(event):
        return Decision(state)
    notices = [
        SendNotice(audience=who, title=said.title, text=said.text, severity=said.severity, command=said.command)
        for who in heard_by(event, said, policy)
    ]
    return Decision(state, notices)


def heard_by(event: Event, said: Announcement, policy: PolicyDocument) -> tuple[str, ...]:
    """Whom policy names for events of this type, or of this type and service; else whom the event itself names."""
    audiences = policy.limits(endpoint_name(event, policy)).notifications.audiences
    named = [audiences[name] for name in (event.type, _of_one_service(event)) if name in audiences]
    return tuple(dict.fromkeys(who for audience in named or [said.audience] for who in audience))


def _of_one_service(event: Event) -> str:
    """`type:service`, where an event says of which service it is."""
    return f"{event.type}:{getattr(event, 'service', '')}"


def _about_ourselves(event: Event) -> bool:
    """A notice that could not be sent is not announced by another notice."""
    return isinstance(event, ActionFailed | ActionPending) and event.service == "notifications"


def endpoint_name(event: Event, policy: PolicyDocument) -> str:
    """Whose limits hold: the event's endpoint, or the one its model serves; unknown names get the defaults."""
    endpoint = getattr(event, "endpoint", None)
    if endpoint is not None:
        return str(endpoint.name)
    scope: Entity = getattr(event, "thing", event.entity)
    model = scope.name.partition(":")[0]
    return policy.endpoint_of(model) or model
