"""Everything there are words for may be told."""

from services.notifications import policy
from services.notifications.words import WORDS
from shared.events import Entity, Event
from shared.reactor import Service

service = Service(__package__, lane="tell", state=policy.Nothing, may_be_held=False)


def whom_it_is_about(event: Event) -> Entity:
    """People hear of what is addressed to another service, too: that its action failed, or stalls."""
    return event.entity


for _event_type in WORDS:
    service.reacts_to(_event_type, decide=policy.decide_notice, entity=whom_it_is_about)
