"""Faults that were asked for, field by field: what `admin` says there is, done to the hubs and their links."""

import time
from collections.abc import Callable
from typing import Protocol

from infra.local.eventhubs.broker import Hub
from infra.local.eventhubs.detaching import DETACHES
from infra.local.eventhubs.protocol.consumer_link import ConsumerLink
from infra.local.eventhubs.protocol.link import Link
from infra.local.eventhubs.protocol.producer_link import ProducerLink

_KINDS: dict[object, tuple[type[Link], ...]] = {
    None: (ProducerLink, ConsumerLink),
    "producers": (ProducerLink,),
    "consumers": (ConsumerLink,),
}


class BadRequest(ValueError):
    """The message names the field."""


class Links(Protocol):
    """Where the links of a hub are found."""

    def links_of(self, hub: str) -> list[Link]:
        """By the hub's name in lower case."""


type Details = dict[str, object]
type Inject = Callable[[Links, Hub, Details], None]


def number(details: Details, field: str) -> float:
    """A number out of a fault, 0 when it is not there."""
    value = details.get(field, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadRequest(f"{field}: a number from 0 on is expected, not {value!r}")
    return value


def _server_busy(_: Links, hub: Hub, details: Details) -> None:
    hub.faults.busy_sends = int(number(details, "sends"))
    hub.faults.busy_receivers = int(number(details, "receivers"))
    hub.faults.busy_requests = int(number(details, "requests"))
    hub.faults.busy_until = time.monotonic() + number(details, "seconds")


def _slow(_: Links, hub: Hub, details: Details) -> None:
    hub.faults.send_ms = number(details, "send_ms")
    hub.faults.delivery_ms = number(details, "delivery_ms")


def _duplicate(_: Links, hub: Hub, details: Details) -> None:
    hub.faults.duplicate_events = int(number(details, "events"))


def _skip(_: Links, hub: Hub, details: Details) -> None:
    hub.faults.skip_events = int(number(details, "events"))


def _reorder(_: Links, hub: Hub, details: Details) -> None:
    hub.faults.reorder_events = int(number(details, "events"))


def _withhold(_: Links, hub: Hub, __: Details) -> None:
    hub.faults.withheld = True


def _release(_: Links, hub: Hub, __: Details) -> None:
    hub.faults.withheld = False


def _forget(_: Links, hub: Hub, __: Details) -> None:
    for partition in hub.partitions:
        partition.log.forget_all()


def _detach(links: Links, hub: Hub, details: Details) -> None:
    condition, which = details.get("condition", "amqp:link:detach-forced"), details.get("links")
    if condition not in DETACHES:
        raise BadRequest(f"condition: one of {', '.join(DETACHES)} is expected, not {condition!r}")
    if which not in _KINDS:
        raise BadRequest(f"links: producers or consumers is expected, or nothing for both, not {which!r}")
    for link in links.links_of(hub.name.lower()):
        if isinstance(link, _KINDS[which]):
            link.fail(str(condition), DETACHES[str(condition)].format(hub=hub.name))


def _failover(links: Links, hub: Hub, details: Details) -> None:
    """The other region takes over, without the events that had not reached it; every link breaks."""
    lost = int(number(details, "lost"))
    _detach(links, hub, {})
    hub.fail_over(lost)


def _recreate(links: Links, hub: Hub, _: Details) -> None:
    """Deleted and made again under the same name: empty, numbers from 0 on, a new time of creation."""
    _detach(links, hub, {"condition": "amqp:not-found"})
    hub.begin_anew()


INJECT: dict[str, Inject] = {
    "server_busy": _server_busy,
    "slow": _slow,
    "duplicate": _duplicate,
    "skip": _skip,
    "reorder": _reorder,
    "withhold": _withhold,
    "release": _release,
    "forget": _forget,
    "detach": _detach,
    "failover": _failover,
    "recreate": _recreate,
}
