"""The log against a model, through crashes, and by retention."""

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.messages import Event
from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.storage.partition_log import PartitionLog, Retention
from infra.local.eventhubs.storage.records import Record, pack, scan, unpack

pytestmark = pytest.mark.local_only
SMALL_SEGMENTS = Retention(segment_bytes=600)


def event(text: str) -> Event:
    return Event(b"", b"", [], encode(Described(0x75, text.encode())), None)


def bodies(log: PartitionLog, sequence: int = 0) -> list[str]:
    """All events from `sequence` on, read in small pieces."""
    found: list[str] = []
    while records := log.read(sequence, 3):
        found += [record.message.rpartition(b"\xa0")[2][1:].decode() for record in records]
        sequence = records[-1].sequence + 1
    return found


def active_file(directory: Path) -> Path:
    return max(directory.glob("*.log"))


batches = st.lists(st.lists(st.text("abc", max_size=40), min_size=1, max_size=6), max_size=15)


@settings(max_examples=25)
@given(batches, batches)
def test_everything_comes_back_in_order_across_segments_and_reopening(
    tmp_path_factory: pytest.TempPathFactory, before: list[list[str]], after: list[list[str]]
) -> None:
    directory = tmp_path_factory.mktemp("log")
    clock = itertools.count(1000)
    for part in (before, after):
        log = PartitionLog(directory, SMALL_SEGMENTS)
        for batch in part:
            log.append([event(text) for text in batch], next(clock))
        log.close()
    log = PartitionLog(directory, SMALL_SEGMENTS)
    expected = [text for batch in before + after for text in batch]
    assert bodies(log) == expected
    assert (log.next_sequence, log.torn_bytes) == (len(expected), 0)
    log.close()


@settings(max_examples=25)
@given(batches, st.lists(st.text("xyz", max_size=40), min_size=1, max_size=6), st.data())
def test_a_torn_batch_is_cut_off_whole_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, whole: list[list[str]], torn: list[str], data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("log")
    log = PartitionLog(directory, Retention())
    for batch in whole:
        log.append([event(text) for text in batch], 1)
    size = log.size
    log.append([event(text) for text in torn], 1)
    torn_size = log.size
    log.close()
    cut = data.draw(st.integers(size + 1, torn_size - 1))
    os.truncate(active_file(directory), cut)
    log = PartitionLog(directory, Retention())
    assert bodies(log) == [text for batch in whole for text in batch]
    assert (log.size, log.torn_bytes) == (size, cut - size)
    assert list(log.append([event("next")], 1)) == [sum(map(len, whole))]
    log.close()


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_damaged_byte_is_noticed(at: int, flip: int) -> None:
    packed = bytearray(b"".join(pack(5, 6, 0, True, [b"message"] * 25)))
    packed[at % len(packed)] ^= flip
    assert list(scan(bytes(packed), 0)) == []


@given(st.integers(0, 2**63), st.integers(0, 2**62), st.integers(0, 2**16 - 1), st.booleans(), st.binary(max_size=500))
def test_a_record_comes_back(sequence: int, ms: int, header: int, ends: bool, message: bytes) -> None:
    packed = b"".join(pack(sequence, ms, header, ends, [message[:7], memoryview(message)[7:]]))
    assert unpack(packed, 0)[0] == Record(sequence, ms, header, ends, message)


def test_offsets_differ_from_sequence_numbers_and_find_their_events(tmp_path: Path) -> None:
    log = PartitionLog(tmp_path, SMALL_SEGMENTS)
    for number in range(30):
        log.append([event(str(number))], 1000 + 10 * number)
        offset = log.last_offset
        assert offset != number
        assert log.sequence_at_offset(offset) == number
        assert log.sequence_at_offset(offset + 1) == number + 1
        assert log.sequence_at_time(1000 + 10 * number) == number
        assert log.sequence_at_time(1001 + 10 * number) == number + 1
    log.close()


def test_time_never_goes_back_even_when_the_clock_does(tmp_path: Path) -> None:
    log = PartitionLog(tmp_path, Retention())
    log.append([event("a")], 2000)
    log.append([event("b")], 1000)
    assert [record.enqueued_ms for record in log.read(0, 10)] == [2000, 2000]
    log.close()


def test_retention_forgets_whole_segments_and_keeps_counting(tmp_path: Path) -> None:
    retention = Retention(segment_bytes=600, max_bytes=1500)
    log = PartitionLog(tmp_path, retention)
    for number in range(100):
        log.append([event(str(number))], number)
    assert 0 < log.first_sequence < 100
    assert log.size < 1500 + 2 * 600
    assert bodies(log) == [str(number) for number in range(log.first_sequence, 100)]
    log.close()


@pytest.mark.parametrize("reopened", [False, True])
def test_the_last_event_s_numbers_survive_forgetting_everything(tmp_path: Path, reopened: bool) -> None:
    log = PartitionLog(tmp_path, Retention(max_age_ms=1000))
    log.append([event("old")] * 3, 5000)
    offset = log.last_offset
    assert log.forget_aged(5500) == 0
    assert log.forget_aged(7000) == 1
    if reopened:
        log.close()
        log = PartitionLog(tmp_path, Retention())
    assert (log.first_sequence, log.next_sequence, bodies(log)) == (3, 3, [])
    assert (log.last_offset, log.last_enqueued_ms) == (offset, 5000)
    assert list(log.append([event("new")], 8000)) == [3]
    assert log.last_offset > offset
    log.close()


def test_a_lost_or_damaged_index_is_rebuilt(tmp_path: Path) -> None:
    log = PartitionLog(tmp_path, SMALL_SEGMENTS)
    for number in range(30):
        log.append([event(str(number))], number)
    log.close()
    first, second, *_ = sorted(tmp_path.glob("*.index"))
    first.unlink()
    second.write_bytes(b"damaged!" * 5)
    log = PartitionLog(tmp_path, SMALL_SEGMENTS)
    assert bodies(log) == [str(number) for number in range(30)]
    log.close()


def test_a_segment_killed_at_birth_is_begun_again(tmp_path: Path) -> None:
    log = PartitionLog(tmp_path, Retention())
    log.append([event("kept")], 1)
    position = log.size
    log.close()
    (tmp_path / f"{1:020d}-{position:020d}.log").write_bytes(b"sluice eve")
    log = PartitionLog(tmp_path, Retention())
    assert log.last_enqueued_ms == 1
    log.append([event("after")], 2)
    assert bodies(log) == ["kept", "after"]
    log.close()


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    log = PartitionLog(tmp_path, Retention())
    log.append([event("kept")], 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.size + 100, limits[1]))
    try:
        with pytest.raises(OSError, match=r"File too large|bytes written"):
            log.append([event("x" * 1000)], 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    log.append([event("after")], 3)
    log.close()
    log = PartitionLog(tmp_path, Retention())
    assert (bodies(log), log.torn_bytes) == (["kept", "after"], 0)
    log.close()
