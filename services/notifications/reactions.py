"""Everything there are words for may be told."""

from services.notifications import policy
from services.notifications.words import WORDS
from shared.reactor import Service

service = Service(__package__, lane="tell", state=policy.Nothing, may_be_held=False)

for _event_type in WORDS:
    service.reacts_to(_event_type, decide=policy.decide_notice)
