"""A consumer's link: delivers one partition's events from a position on, as credit, window and socket allow.

Nothing polls: an append, a flow, a drained socket or a released fault wakes the link.
"""

import asyncio
import logging

from infra.local.eventhubs.amqp.messages import with_delivery_annotations
from infra.local.eventhubs.amqp.values import Timestamp
from infra.local.eventhubs.broker import Hub, Partition, Refused
from infra.local.eventhubs.hub_facts import now_ms
from infra.local.eventhubs.protocol.link import OutgoingLink
from infra.local.eventhubs.protocol.peer import Channel
from infra.local.eventhubs.protocol.positions import first_sequence, selector_in
from infra.local.eventhubs.storage.records import Corrupt, Record

_AT_ONCE = 500
_RUNTIME_METRIC = "com.microsoft:enable-receiver-runtime-metric"
_log = logging.getLogger(__name__)
_EPOCH = "com.microsoft:epoch"


class ConsumerLink(OutgoingLink):
    """One receiver on one partition; `group` and `epoch` say how it competes with others."""

    def __init__(self, session: Channel, handle: int, hub: Hub, partition: Partition, group: str) -> None:
        super().__init__(session, handle)
        self.hub = hub.name.lower()
        self.group = group
        self.epoch: int | None = None
        self._hub = hub
        self._partition = partition
        self._sequence = 0
        self._metrics = False
        self._scheduled = False
        self._held = False

    def start(self, source: object, properties: dict[object, object], desired: list[object]) -> None:
        """Find the position and join the partition's readers; raise `Refused`."""
        epoch = properties.get(_EPOCH)
        if epoch is not None and (not isinstance(epoch, int) or epoch < 0):
            raise Refused("com.microsoft:argument-error", f"{_EPOCH}: a number from 0 on is expected, not {epoch!r}")
        self.epoch = epoch
        self._metrics = _RUNTIME_METRIC in desired
        self._sequence = first_sequence(self._partition.log, selector_in(source))
        self._partition.admit(self)

    def wake(self) -> None:
        if not self._scheduled and not self.closed and not self._held:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        self._scheduled = False
        self.pump()

    def pump(self) -> None:
        if self.closed or self._held or self._hub.faults.withheld or self.session.connection.congested:
            return
        delay_s = self._hub.faults.delivery_ms / 1000
        count = min(self.credit, self.session.room, 1 if delay_s > 0 else _AT_ONCE)
        records = self._read(count)
        if not records:
            return
        self._deliver_all(self._hub.faults.in_order(records))
        if delay_s > 0:
            self._held = True
            asyncio.get_running_loop().call_later(delay_s, self._unhold)
        else:
            self.wake()

    def _deliver_all(self, records: list[Record]) -> None:
        """As many as credit and window take; the next delivery begins with the earliest that is left."""
        done = 0
        while done < len(records) and self.credit > 0 and self.session.room > 0:
            self._deliver(records[done])
            done += 1
        left = (record.sequence for record in records[done:])
        self._sequence = min(left, default=max(record.sequence for record in records[-2:]) + 1)

    def _read(self, count: int) -> list[Record]:
        try:
            return self._partition.log.read(self._sequence, count)
        except (OSError, Corrupt) as error:
            _log.error("hub '%s': the log cannot be read: %s", self.hub, error)
            self.fail("amqp:internal-error", f"the log cannot be read: {error}")
            return []

    def _unhold(self) -> None:
        self._held = False
        self.wake()

    def _deliver(self, record: Record) -> None:
        message = self._with_metrics(record) if self._metrics else record.message
        for _ in range(self._hub.faults.copies()):
            self.deliver(message)

    def _with_metrics(self, record: Record) -> bytes:
        log = self._partition.log
        annotations: dict[object, object] = {
            "last_enqueued_sequence_number": log.next_sequence - 1,
            "last_enqueued_offset": str(log.last_offset),
            "last_enqueued_time_utc": Timestamp(log.last_enqueued_ms),
            "runtime_info_retrieval_time_utc": Timestamp(now_ms()),
        }
        return with_delivery_annotations(record.message, record.header_length, annotations)

    def release(self) -> None:
        super().release()
        self._partition.dismiss(self)
