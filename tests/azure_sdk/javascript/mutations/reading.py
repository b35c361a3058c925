"""Broken in where a reader begins, and in what it hears."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol import consumer_link, positions
from infra.local.eventhubs.storage.partition_log import PartitionLog
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by

_AGAIN = ("lose and double no event that is read",)


def _begin(put: Put, selector: str, change: Callable[[PartitionLog, int], int]) -> None:
    """Where the selector holds this pattern."""

    def first_sequence(real: Any) -> Any:
        def found(log: PartitionLog, asked: str | None) -> int:
            first: int = real(log, asked)
            return max(change(log, first), log.first_sequence) if re.search(selector, asked or "") else first

        return found

    put(consumer_link, "first_sequence", first_sequence)


@noticed_by("the earliest position")
def the_earliest_position_is_one_too_far(put: Put) -> None:
    """The first event is left out."""
    _begin(put, r"offset > '-1'", lambda _, first: first + 1)


@noticed_by("the latest position")
def the_latest_position_is_the_earliest(put: Put) -> None:
    """What was there before comes, too."""
    _begin(put, r"'@latest'", lambda log, _: log.first_sequence)


@noticed_by("a position by offset gives", "a processor goes on behind", "two processors", may=_AGAIN)
def offsets_are_inclusive(put: Put) -> None:
    """The event at the offset comes again."""
    _begin(put, r"offset > '\d", lambda _, first: first - 1)


@noticed_by("a position by offset may include")
def offsets_are_never_inclusive(put: Put) -> None:
    """The event at the offset does not come, also where it is asked for."""
    _begin(put, r"offset >= ", lambda _, first: first + 1)


@noticed_by("a position by sequence number gives", "is told, and goes on", may=_AGAIN)
def sequence_numbers_are_inclusive(put: Put) -> None:
    """The event of that number comes again."""
    _begin(put, r"number > '\d", lambda _, first: first - 1)


@noticed_by("a position by sequence number may include")
def sequence_numbers_are_never_inclusive(put: Put) -> None:
    """The event of that number does not come, also where it is asked for."""
    _begin(put, r"number >= ", lambda _, first: first + 1)


@noticed_by("a position by time")
def times_are_inclusive(put: Put) -> None:
    """The event of exactly that time comes again."""
    _begin(put, r"time > '[1-9]", lambda _, first: first - 1)


@noticed_by("a time before 1970")
def times_before_1970_are_refused(put: Put) -> None:
    """A negative time is no position."""

    def refuse(log: PartitionLog, first: int) -> int:
        raise Refused("com.microsoft:argument-error", "the filter is not understood")

    _begin(put, r"time > '-", refuse)


@noticed_by("a reader hears of the last event")
def the_last_event_is_said_to_be_the_next(put: Put) -> None:
    """What a reader hears of the partition's end is one too far."""

    def annotated(real: Any) -> Any:
        def with_annotations(message: bytes, at: int, pairs: dict[object, Any]) -> Any:
            last = "last_enqueued_sequence_number"
            return real(message, at, {**pairs, last: pairs[last] + 1})

        return with_annotations

    put(consumer_link, "with_delivery_annotations", annotated)


def _within(put: Put, change: Callable[[Any, PartitionLog, int, int, int, str], int]) -> None:
    put(positions, "_within", lambda real: lambda *asked: change(real, *asked))


@noticed_by("events that retention took")
def what_retention_took_is_refused(put: Put) -> None:
    """A position before the first event that is left is an error."""

    def found(real: Any, log: PartitionLog, sequence: int, asked: int, last: int, what: str) -> int:
        if sequence < log.first_sequence:
            raise Refused("com.microsoft:argument-error", "the position is gone")
        first: int = real(log, sequence, asked, last, what)
        return first

    _within(put, found)


@noticed_by("of another life")
def an_empty_hub_takes_every_position(put: Put) -> None:
    """A checkpoint of another life passes while the hub is empty."""

    def found(real: Any, log: PartitionLog, sequence: int, asked: int, last: int, what: str) -> int:
        first: int = real(log, sequence, asked, last, what) if last >= 0 else sequence
        return first

    _within(put, found)


@noticed_by("a position beyond the last event")
def positions_beyond_the_end_are_taken(put: Put) -> None:
    """A reader waits for an event that the partition has not reached yet."""

    def found(real: Any, log: PartitionLog, sequence: int, asked: int, last: int, what: str) -> int:
        first: int = real(log, sequence, min(asked, last) if last >= 0 else asked, last, what)
        return first

    _within(put, found)
