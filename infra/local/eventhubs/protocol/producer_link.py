"""A producer's link: what it sends is cut into events, stored, and answered once it is stored."""

import asyncio

from infra.local.eventhubs.amqp.messages import BATCH_FORMAT, Event, parse_event, split_batch
from infra.local.eventhubs.amqp.values import DecodeError
from infra.local.eventhubs.broker import Hub, Partition, Refused
from infra.local.eventhubs.detaching import BUSY
from infra.local.eventhubs.protocol.link import MAX_MESSAGE_SIZE, Delivery, IncomingLink
from infra.local.eventhubs.protocol.peer import Channel

# As recorded; what a producer may have under way before it hears of the first.
_CREDIT, _CREDIT_ON_PARTITION = 300, 1000
# What Microsoft's own clients for Java allow; the service's limit stands nowhere.
_LONGEST_KEY = 128


class ProducerLink(IncomingLink):
    """Sends to one partition, as one publisher, or wherever the partition key points."""

    def __init__(
        self, session: Channel, handle: int, hub: Hub, partition: Partition | None, publisher: str | None
    ) -> None:
        super().__init__(session, handle, _CREDIT_ON_PARTITION if partition is not None else _CREDIT)
        self.hub = hub.name.lower()
        self._hub = hub
        self._partition = partition
        self._publisher = publisher

    def on_delivery(self, delivery: Delivery) -> None:
        delay_s = self._hub.faults.send_ms / 1000
        if delay_s > 0:
            asyncio.get_running_loop().call_later(delay_s, self._store, delivery)
        else:
            self._store(delivery)

    def _store(self, delivery: Delivery) -> None:
        """Append and answer; a delivery that waited (a slow server) is dropped when its link is gone by then."""
        if self.closed:
            return
        try:
            self._append(delivery)
        except Refused as refusal:
            self.reject(delivery, refusal.condition, refusal.description)
        except DecodeError as error:
            self.reject(delivery, "amqp:decode-error", str(error))
        except OSError as error:
            self.reject(delivery, "amqp:internal-error", f"the event could not be stored: {error.strerror or error}")

    def _append(self, delivery: Delivery) -> None:
        if delivery.oversized:
            raise Refused("amqp:link:message-size-exceeded", f"a message may have {MAX_MESSAGE_SIZE} bytes")
        if self._hub.faults.refuses_send():
            raise Refused("com.microsoft:server-busy", BUSY)
        events, key = _events(delivery)
        key = self._publisher or key
        for each in (key, *(event.partition_key for event in events)):
            if each is not None and len(each) > _LONGEST_KEY:
                raise Refused("com.microsoft:argument-error", f"A partition key may have {_LONGEST_KEY} characters.")
        partition = self._partition or self._hub.choose(key)
        partition.append(events, key, self._publisher)
        partition.durability.after_append(lambda stored: self._answer(delivery, stored))

    def _answer(self, delivery: Delivery, stored: bool) -> None:
        if stored:
            self.accept(delivery)
        else:
            self.reject(delivery, "amqp:internal-error", "the event could not be flushed to the device")


def _events(delivery: Delivery) -> tuple[list[Event], str | None]:
    """The events and the key that chooses their partition."""
    if delivery.message_format == BATCH_FORMAT:
        messages, key = split_batch(delivery.payload)
        events = [parse_event(message) for message in messages]
        return events, key if key is not None else events[0].partition_key
    event = parse_event(delivery.payload)
    return [event], event.partition_key
