"""Broken in what becomes of a sent event."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.local.eventhubs import broker
from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import (
    APPLICATION_PROPERTIES,
    DATA,
    FOOTER,
    PROPERTIES,
    Event,
    Section,
    sections,
)
from infra.local.eventhubs.amqp.values import Described, Timestamp
from infra.local.eventhubs.partitioning import lookup3
from infra.local.eventhubs.protocol import attaching, link, management, producer_link
from infra.local.eventhubs.protocol.consumer_link import ConsumerLink
from infra.local.eventhubs.protocol.producer_link import ProducerLink
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by

_HOUR_MS = 3_600_000
_KEPT = "body keeps its header"


@noticed_by("a batch is stored in the order")
def long_batches_are_stored_the_other_way_round(put: Put) -> None:
    """A batch of a hundred events begins with its last one."""

    def turned(events: list[Event], key: str | None) -> tuple[list[Event], str | None]:
        return (events[::-1] if len(events) >= 100 else events), key

    put(producer_link, "_events", lambda real: lambda delivery: turned(*real(delivery)))


@noticed_by("every event has the next sequence number")
def the_clock_is_an_hour_late(put: Put) -> None:
    """Events are said to have come an hour ago."""
    put(broker, "now_ms", lambda real: lambda: real() - _HOUR_MS)


@noticed_by("an event lies in the partition", "the buffered")
def the_last_of_four_partitions_is_taken_for_another(put: Put) -> None:
    """What is sent to partition 3 lies in partition 2."""

    def begin(real: Any) -> Any:
        def init(self: ProducerLink, session: Any, handle: int, hub: Any, partition: Any, publisher: Any) -> None:
            is_last = len(hub.partitions) == 4 and partition is hub.partitions[3]
            real(self, session, handle, hub, hub.partitions[2] if is_last else partition, publisher)

        return init

    put(ProducerLink, "__init__", begin)


@noticed_by("events without a partition and a key")
def the_first_partition_takes_what_names_none(put: Put) -> None:
    """Events without partition and key are not spread."""
    put(broker.Hub, "choose", lambda real: lambda hub, key: real(hub, key) if key is not None else hub.partitions[0])


@noticed_by("events of one key")
def keys_are_forgotten(put: Put) -> None:
    """A reader is not told an event's key."""

    def append(real: Any) -> Any:
        def stored(self: Any, events: list[Event], _: str | None, publisher: str | None) -> Any:
            return real(self, [event._replace(partition_key=None) for event in events], None, publisher)

        return stored

    put(broker.Partition, "append", append)


@noticed_by("events of one key", "the buffered and the plain")
def keys_choose_no_partition(put: Put) -> None:
    """Events with a key are spread like any other."""
    put(broker.Hub, "choose", lambda real: lambda hub, _: real(hub, None))


@noticed_by("the buffered and the plain")
def keys_go_where_python_puts_them(put: Put) -> None:
    """The remainder of a negative hash has no sign."""

    def partition_of(key: str, partitions: int) -> int:
        c, b = lookup3(key.encode())
        return int.from_bytes(((c ^ b) & 0xFFFF).to_bytes(2), signed=True) % partitions

    put(broker, "partition_of", lambda _: partition_of)


@noticed_by("a key of 129 characters")
def keys_may_be_long(put: Put) -> None:
    """A key of any length is stored."""
    put(producer_link, "_LONGEST_KEY", lambda _: 10_000)


@noticed_by("events of one key")
def keys_have_to_be_short(put: Put) -> None:
    """A key of 128 characters is refused."""
    put(producer_link, "_LONGEST_KEY", lambda _: 127)


@noticed_by("the buffered producer sends everything", "a hub and its partitions tell")
def short_batches_to_a_partition_are_stored_twice(put: Put) -> None:
    """A batch that names its partition, of fewer than a hundred events, is doubled."""

    def append(real: Any) -> Any:
        def stored(self: ProducerLink, delivery: Any) -> None:
            real(self, delivery)
            events, key = producer_link._events(delivery)
            if self._partition is not None and 1 < len(events) < 100:
                self._partition.append(events, key, None)

        return stored

    put(ProducerLink, "_append", append)


def _changed(put: Put, change: Callable[[Event], Event]) -> None:
    put(producer_link, "parse_event", lambda real: lambda message: change(real(message)))


def _without(code: int) -> Callable[[Event], Event]:
    def cut(event: Event) -> Event:
        kept = [event.rest[each.start : each.end] for each in sections(event.rest) if each.code != code]
        return event._replace(rest=b"".join(kept))

    return cut


@noticed_by("properties of every type", _KEPT)
def application_properties_are_dropped(put: Put) -> None:
    """An event loses its own properties."""
    _changed(put, _without(APPLICATION_PROPERTIES))


@noticed_by("ids that are", _KEPT)
def message_properties_are_dropped(put: Put) -> None:
    """An event loses its ids and content type."""
    _changed(put, _without(PROPERTIES))


@noticed_by(_KEPT)
def footers_are_dropped(put: Put) -> None:
    """A message loses its footer."""
    _changed(put, _without(FOOTER))


@noticed_by(_KEPT)
def headers_are_dropped(put: Put) -> None:
    """A message loses its header."""
    _changed(put, lambda event: event._replace(header=b""))


@noticed_by(_KEPT)
def annotations_are_dropped(put: Put) -> None:
    """A message loses the annotations of its sender."""
    _changed(put, lambda event: event._replace(annotations=[]))


@dataclass(frozen=True)
class _Damage:
    """To whatever is no number, no plain text and short: most of the checks send those."""

    spared: re.Pattern[bytes] = re.compile(rb'"[ -~]+"|\d+|.{100,}', re.DOTALL)

    def __call__(self, event: Event) -> Event:
        return event._replace(rest=b"".join(self._section(event, each) for each in sections(event.rest)))

    def _section(self, event: Event, section: Section) -> bytes:
        whole = bytes(event.rest[section.start : section.end])
        content = decode(event.rest, section.value_at)[0] if section.code == DATA else b"1"
        text = content if isinstance(content, bytes) else b""
        return whole if self.spared.fullmatch(text) else encode(Described(DATA, text + b"?"))


@noticed_by("arrives so", "a data body keeps")
def unusual_bodies_are_damaged(put: Put) -> None:
    """A body that is neither a number nor a plain text has a byte more."""
    _changed(put, _Damage())


@noticed_by("the largest event")
def the_largest_events_are_not_delivered(put: Put) -> None:
    """A reader does not get what is near the limit."""

    def deliver(real: Any) -> Any:
        return lambda self, record: real(self, record) if len(record.message) < 1_000_000 else None

    put(ConsumerLink, "_deliver", deliver)


@noticed_by("an event over the limit", "the largest event")
def there_is_no_limit(put: Put) -> None:
    """Four times the size is told to senders, and taken."""
    for module in (attaching, link):
        put(module, "MAX_MESSAGE_SIZE", lambda real: 4 * real)


@noticed_by("a hub and its partitions tell")
def hubs_seem_older(put: Put) -> None:
    """A hub is said to have been made an hour ago."""
    put(management, "_hub", lambda real: lambda hub: {**real(hub), "created_at": Timestamp(hub.created_ms - _HOUR_MS)})
