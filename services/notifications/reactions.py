"""Whatever has something to say to people is told, whomever else it is addressed to."""

from services.notifications import policy
from shared.events import Entity, Event
from shared.events.catalogue import event_types
from shared.reactor import Service

service = Service(__package__, lane="tell", state=policy.Nothing, may_be_held=False)


def whatever_it_is_about(event: Event) -> Entity:
    return event.entity


for _event_type in event_types().values():
    if _event_type.notice is not Event.notice:
        service.reacts_to(_event_type, entity=whatever_it_is_about, decide=policy.decide_notice)
