"""From an event to the words a person reads. Links never appear here: approvals sends its own invitations."""

from services.notifications.limits import NotificationLimits
from shared.events import ActionFailed, ActionPending, Announcement, Event
from shared.policies import People, PolicyDocument
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
    scope = policy.scope_of(getattr(event, "endpoint", None) or getattr(event, "thing", event.entity))
    audiences, people = policy.section(NotificationLimits, scope).audiences, policy.section(People, scope)
    named: list[tuple[str, ...]] = [
        audiences[name] for name in (event.type, _of_one_service(event)) if name in audiences
    ]
    told = [who for audience in named or [said.audience] for who in audience]
    return tuple(dict.fromkeys(member for audience in told for member in people.members(audience)))


def _of_one_service(event: Event) -> str:
    """`type:service`, where an event says of which service it is."""
    return f"{event.type}:{getattr(event, 'service', '')}"


def _about_ourselves(event: Event) -> bool:
    """A notice that could not be sent is not announced by another notice."""
    return isinstance(event, ActionFailed | ActionPending) and event.service == "notifications"
