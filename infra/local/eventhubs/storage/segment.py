"""One segment file of a partition, and the index of its events.

Its name says the sequence number and the log offset it starts at, and its header, of 64 bytes, offset and time of the
last event before it, so that they survive when every event is gone. A sealed segment has its index beside it, so that
only the last one is read at start-up.
"""

import os
import zlib
from array import array
from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

from infra.local.eventhubs.storage.records import Corrupt, Record, scan, unpack

HEADER = 64
_MAGIC = b"sluice event log 1\n"


class Last(NamedTuple):
    """Where and when an event came, the last one so far."""

    offset: int
    enqueued_ms: int


NONE_YET = Last(-1, 0)


class Segment:
    """Event i of this segment has sequence number `base_sequence + i` and log offset `base_offset + positions[i]`.

    `before` is the last event in front of it; a segment that exists already knows better.
    """

    def __init__(self, directory: Path, base_sequence: int, base_offset: int, before: Last = NONE_YET) -> None:
        self.base_sequence = base_sequence
        self.base_offset = base_offset
        self._before = before
        self.path = directory / f"{base_sequence:020d}-{base_offset:020d}.log"
        self.positions = array("Q")
        self.times = array("q")
        self.size = 0
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)

    @staticmethod
    def bases(path: Path) -> tuple[int, int]:
        """Sequence number and offset out of a segment's file name."""
        sequence, offset = path.stem.split("-")
        return int(sequence), int(offset)

    @property
    def next_sequence(self) -> int:
        """One after the last event's."""
        return self.base_sequence + len(self.positions)

    @property
    def next_offset(self) -> int:
        """Log offset at which the next event will lie."""
        return self.base_offset + self.size

    @property
    def last(self) -> Last:
        """The newest event, of this segment or of those before it."""
        if not self.positions:
            return self._before
        return Last(self.base_offset + self.positions[-1], self.times[-1])

    def recover(self) -> int:
        """Read the file, cut off a torn tail, rebuild the index; return the number of bytes cut off."""
        buffer = self.path.read_bytes()
        if len(buffer) < HEADER:
            self._begin()
            return 0
        self._before = self._read_header(buffer)
        good = self._index_batches(buffer)
        self.size = good
        torn = len(buffer) - good
        if torn:
            os.ftruncate(self._file, good)
            os.fsync(self._file)
        return torn

    def _read_header(self, buffer: bytes) -> Last:
        if not buffer.startswith(_MAGIC):
            raise Corrupt(f"{self.path} is not an event log")
        told = buffer[len(_MAGIC) : HEADER].split()
        try:
            return Last(*map(int, told)) if told else NONE_YET
        except (TypeError, ValueError) as error:
            raise Corrupt(f"{self.path}: its header is damaged") from error

    def _begin(self) -> None:
        """Write the header of a new file, or of one whose creation was cut short."""
        os.ftruncate(self._file, 0)
        told = f"{self._before.offset} {self._before.enqueued_ms}".encode()
        os.write(self._file, (_MAGIC + told).ljust(HEADER))
        self.size = HEADER
        directory = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def _index_batches(self, buffer: bytes) -> int:
        """Index every whole batch; return where the last one ends."""
        good, pending, pending_times = HEADER, array("Q"), array("q")
        for record, start, end in scan(buffer, good):
            if record.sequence != self.base_sequence + len(self.positions) + len(pending):
                break
            pending.append(start)
            pending_times.append(record.enqueued_ms)
            if record.ends_batch:
                self.positions += pending
                self.times += pending_times
                pending, pending_times, good = array("Q"), array("q"), end
        return good

    def load_index(self) -> None:
        """Take the index of a sealed segment from its file, or rebuild it when that is missing or damaged."""
        path = self.path.with_suffix(".index")
        data = path.read_bytes() if path.exists() else b""
        body, count = data[4:], len(data[4:]) // 16
        if len(data) < 4 or len(body) % 16 or zlib.crc32(body) != int.from_bytes(data[:4], "little"):
            self.recover()
            self.write_index()
            return
        self.positions.frombytes(body[: 8 * count])
        self.times.frombytes(body[8 * count :])
        self.size = os.fstat(self._file).st_size

    def write_index(self) -> None:
        """Put the index beside the file; the segment is sealed from now on."""
        body = self.positions.tobytes() + self.times.tobytes()
        self.path.with_suffix(".index").write_bytes(zlib.crc32(body).to_bytes(4, "little") + body)

    def append(self, data: bytes, positions: list[int], enqueued_ms: int) -> None:
        """Write one whole batch; on failure (disk full) the file is as before and `OSError` is raised."""
        try:
            written = os.write(self._file, data)
            if written != len(data):
                raise OSError(f"{self.path}: {written} of {len(data)} bytes written")
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.positions.extend(positions)
        self.times.extend([enqueued_ms] * len(positions))
        self.size += len(data)

    def read(self, sequence: int, count: int, max_bytes: int) -> list[Record]:
        """Up to `count` events from `sequence` on, fewer when they exceed `max_bytes`, but at least one."""
        first = sequence - self.base_sequence
        last = min(first + count, len(self.positions))
        start = self.positions[first]
        limit = bisect_left(self.positions, start + max_bytes, first + 1, last)
        end = self.positions[limit] if limit < len(self.positions) else self.size
        buffer = os.pread(self._file, end - start, start)
        found, at = [], 0
        for _ in range(first, limit):
            record, at = unpack(buffer, at)
            found.append(record)
        return found

    def cut(self, count: int) -> int:
        """Lose the newest events, at least `count` if there are so many: a batch is lost as a whole."""
        keep = max(0, len(self.positions) - count)
        while keep > 0 and not self.read(self.base_sequence + keep - 1, 1, 1)[0].ends_batch:
            keep -= 1
        lost = len(self.positions) - keep
        if lost:
            os.ftruncate(self._file, self.positions[keep])
            self.size = self.positions[keep]
            del self.positions[keep:], self.times[keep:]
        return lost

    def sync(self) -> None:
        """Flush to the device; blocks, so call it from a thread."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def delete(self) -> None:
        """Close and remove both files."""
        self.close()
        self.path.unlink()
        self.path.with_suffix(".index").unlink(missing_ok=True)
