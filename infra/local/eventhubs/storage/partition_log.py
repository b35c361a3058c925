"""The log of one hub partition: append, read from any position, recover, and forget by retention."""

import logging
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path

from infra.local.eventhubs.amqp.messages import Event, annotate
from infra.local.eventhubs.amqp.values import Bytes
from infra.local.eventhubs.storage.records import Record, pack
from infra.local.eventhubs.storage.segment import NONE_YET, Segment

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retention:
    """Whole segments are forgotten, never the last one."""

    segment_bytes: int = 64 * 1024 * 1024
    max_bytes: int = 1024 * 1024 * 1024
    max_age_ms: int = 7 * 24 * 3600 * 1000


class PartitionLog:
    """Sequence numbers count events from 0. Offsets are positions in the log, headers included, so they never equal
    the sequence number of the same event; they grow across segments and survive restarts.
    """

    def __init__(self, directory: Path, retention: Retention) -> None:
        self._directory = directory
        self._retention = retention
        self.torn_bytes = 0
        self.epoch = -1  # of the sequence numbers; Azure's value where there is no geo-replication
        directory.mkdir(parents=True, exist_ok=True)
        paths = sorted(directory.glob("*.log"))
        self._segments: list[Segment] = []
        for path in paths:
            if self._segments:
                self._active.load_index()
            # What is before it counts where a crash left it without a header.
            before = self._active.last if self._segments else NONE_YET
            self._segments.append(Segment(directory, *Segment.bases(path), before))
        if self._segments:
            self.torn_bytes = self._segments[-1].recover()
            if self.torn_bytes:
                _log.warning("%s: cut off %d bytes from an unfinished or damaged batch on", directory, self.torn_bytes)
        else:
            self._segments.append(Segment(self._directory, 0, 0))
            self._active.recover()

    def _add_segment(self) -> None:
        """Begin another one, which knows the last event before it."""
        old = self._active
        segment = Segment(self._directory, old.next_sequence, old.next_offset, old.last)
        segment.recover()
        self._segments.append(segment)

    @property
    def _active(self) -> Segment:
        return self._segments[-1]

    @property
    def first_sequence(self) -> int:
        """Of the oldest event kept; equals `next_sequence` when there is none."""
        return self._segments[0].base_sequence

    @property
    def next_sequence(self) -> int:
        """The next event's; the last event's is one less, -1 if there never was one."""
        return self._active.next_sequence

    @property
    def last_offset(self) -> int:
        """Of the newest event, also when retention took it; -1 if there never was one."""
        return self._active.last.offset

    @property
    def last_enqueued_ms(self) -> int:
        """Time of the newest event, also when retention took it; 0 if there never was one."""
        return self._active.last.enqueued_ms

    @property
    def size(self) -> int:
        """Bytes on disk, without indexes."""
        return sum(segment.size for segment in self._segments)

    def append(
        self, events: list[Event], now_ms: int, partition_key: str | None = None, publisher: str | None = None
    ) -> range:
        """Append one batch atomically and return its sequence numbers; raise `OSError` with the log unchanged."""
        if self._active.size >= self._retention.segment_bytes:
            self._roll()
        segment = self._active
        enqueued_ms = max(now_ms, self.last_enqueued_ms)
        first, position = segment.next_sequence, segment.size
        pieces: list[Bytes] = []
        positions = []
        for index, event in enumerate(events):
            offset = segment.base_offset + position
            key = event.partition_key or partition_key
            message = annotate(event, self.epoch, first + index, offset, enqueued_ms, key, publisher)
            is_last = index == len(events) - 1
            parts = pack(first + index, enqueued_ms, len(event.header), is_last, message)
            pieces += parts
            positions.append(position)
            position += sum(map(len, parts))
        segment.append(b"".join(pieces), positions, enqueued_ms)
        return range(first, first + len(events))

    def _roll(self) -> None:
        old = self._active
        old.sync()
        old.write_index()
        self._add_segment()
        self.forget(self.last_enqueued_ms)

    def read(self, sequence: int, count: int, max_bytes: int = 256 * 1024) -> list[Record]:
        """Events from `sequence` on, or from the oldest kept; empty at the end of the log."""
        sequence = max(sequence, self.first_sequence)
        if sequence >= self.next_sequence or count < 1:
            return []
        segment = self._segments[self._segment_of(sequence)]
        return segment.read(sequence, count, max_bytes)

    def _segment_of(self, sequence: int) -> int:
        return bisect_right(self._segments, sequence, key=lambda segment: segment.base_sequence) - 1

    def sequence_at_offset(self, offset: int) -> int:
        """Of the first event at or after `offset`."""
        index = bisect_right(self._segments, offset, key=lambda segment: segment.base_offset) - 1
        segment = self._segments[max(index, 0)]
        return segment.base_sequence + bisect_left(segment.positions, max(offset - segment.base_offset, 0))

    def sequence_at_time(self, enqueued_ms: int) -> int:
        """Of the first event enqueued at or after `enqueued_ms`."""
        for segment in self._segments:
            if segment.times and segment.times[-1] >= enqueued_ms:
                return segment.base_sequence + bisect_left(segment.times, enqueued_ms)
        return self.next_sequence

    def forget(self, now_ms: int) -> int:
        """Delete the oldest segments beyond the retention; return how many."""
        keep, size = 0, self.size
        for segment in self._segments[:-1]:
            too_old = not segment.times or segment.times[-1] < now_ms - self._retention.max_age_ms
            if not too_old and size <= self._retention.max_bytes:
                break
            size -= segment.size
            keep += 1
        return self._delete(keep)

    def forget_all(self) -> int:
        """Forget every event, as if all had aged out; sequence numbers and offsets go on."""
        if self._active.positions:
            self._add_segment()
        return self._delete(len(self._segments) - 1)

    def cut(self, count: int) -> int:
        """Lose the newest events of the last segment, whole batches and so at least so many; return how many."""
        return self._active.cut(count)

    def forget_aged(self, now_ms: int) -> int:
        """As `forget`, the last segment included when all of it is too old."""
        if self._active.times and self._active.times[-1] < now_ms - self._retention.max_age_ms:
            return self.forget_all()
        return self.forget(now_ms)

    def _delete(self, count: int) -> int:
        for segment in self._segments[:count]:
            segment.delete()
        del self._segments[:count]
        return count

    def sync(self) -> None:
        """Flush the last segment (sealed ones are flushed when sealed); blocks."""
        self._active.sync()

    def close(self) -> None:
        """Flush and close all files."""
        self.sync()
        for segment in self._segments:
            segment.close()
