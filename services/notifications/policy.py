"""From an event to the words a person reads. Links never appear here: approvals sends its own invitations."""

from services.notifications.limits import NotificationLimits
from services.notifications.words import words
from shared.events import ActionFailed, Event
from shared.policies import People, PolicyDocument
from shared.reactor import Decision, Facts, Known, SendNotice, State


class Nothing(State):
    """Notifications remember nothing: the ledger's own record makes each notice happen once."""


def decide_notice(state: Nothing, facts: Facts[Known], event: Event, policy: PolicyDocument) -> Decision[Nothing]:
    scope = policy.scope_of(getattr(event, "endpoint", None) or event.entity)
    audiences, people = policy.section(NotificationLimits, scope).audiences, policy.section(People, scope)
    told = (*audiences.get(event.type, ()), *audiences.get(_of_one_service(event), ()))
    heard_by = dict.fromkeys(member for audience in told for member in people.members(audience))
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
