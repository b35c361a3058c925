"""Nothing that one message can stop: what cannot be folded is kept with its reason, told once, and the others go on."""

from collections.abc import Sequence
from typing import Any

import pytest

from shared.events import Event, LabelsRecorded, RowsRefused, ServingReported, StateSetAside, encode
from shared.ports import Message, Position, Refused, Unavailable
from shared.reactor import FoldResult, Row, State
from shared.reactor.fold_codec import encode_state
from tests.support.builders import endpoint_ref, envelope
from tests.unit.shared.reactor.sums import PLACE, Sum, Sums, add, entity, labels

POISON = -666.0


async def fragile(state: Sum, rows: Sequence[Row], partition: int) -> FoldResult[Sum]:
    for row in rows:
        if row.envelope.data.labels[0] == POISON:
            raise KeyError("a cell's own words")
    return await add(state, rows, partition)


async def picky(state: Sum, rows: Sequence[Row], partition: int) -> FoldResult[Sum]:
    if any(row.envelope.data.labels[0] == POISON for row in rows):
        raise Refused("evidence abc: not there")
    return await add(state, rows, partition)


class Growing(State):
    text: str = ""


async def grow(state: Growing, rows: Sequence[Row]) -> FoldResult[Growing]:
    """The poison grows beyond what a store takes."""
    digits = "".join(f"{n * 2654435761 % 2**32:08x}" for n in range(200_000))
    text = "".join(digits if row.envelope.data.labels[0] == POISON else "." for row in rows)
    return FoldResult(Growing(text=state.text + text))


def batch() -> list[Message]:
    """Ten rows of two endpoints, the poison among them."""
    values = {4: POISON}
    return [labels(n, "ab"[n % 2], values.get(n, 1.0)) for n in range(10)]


@pytest.mark.parametrize("fold", [fragile, picky])
async def test_a_row_that_cannot_be_folded_harms_nothing_but_itself(fold: Any) -> None:
    sums = Sums(fold)
    await sums.fold(*batch())
    assert (await sums.total("a"), await sums.total("b")) == (4, 5)
    assert ((await sums.position()).sequence, list(sums.buried())) == (9, [4])


async def test_a_state_that_would_be_too_large_is_not_written_and_the_row_is_kept() -> None:
    sums = Sums(grow, Growing)
    await sums.fold(*batch())
    assert ((await sums.state("a", Growing)).text, (await sums.state("b", Growing)).text) == ("....", ".....")
    assert "limit is 716800" in sums.buried()[4]


async def test_the_reason_is_kept_with_the_row_and_people_hear_no_words_of_a_cell() -> None:
    sums = Sums(fragile)
    await sums.fold(*batch())
    assert "a cell's own words" in sums.buried()[4]
    (told,) = sums.said(RowsRefused)
    assert (told.service, told.about, told.sequence) == ("sums", str(entity("a")), 4)
    assert "KeyError" in told.reason
    assert "a cell's own words" not in told.reason


async def test_people_are_told_once_a_day_for_each_endpoint() -> None:
    sums = Sums(fragile)
    for n in range(20):
        await sums.fold(labels(n, "ab"[n % 2], POISON))
        sums.restart()
    assert len(sums.said(RowsRefused)) == 2
    sums.tomorrow()
    await sums.fold(labels(20, "a", POISON))
    assert (len(sums.said(RowsRefused)), len(sums.buried())) == (3, 21)


@pytest.mark.parametrize("error", [Unavailable("down"), ExceptionGroup("two", [Unavailable("down"), ValueError()])])
async def test_an_outage_within_the_fold_holds_the_partition(error: Exception) -> None:
    async def down(state: Sum, rows: Sequence[Row]) -> FoldResult[Sum]:
        raise error

    sums = Sums(down)
    with pytest.raises((Unavailable, ExceptionGroup)):
        await sums.fold(*batch())
    assert ((await sums.position()).version, sums.buried()) == (None, {})


def misdirected() -> bytes:
    return encode(envelope(ServingReported(endpoint=endpoint_ref(), instance="i", generation=1)))


@pytest.mark.parametrize(
    ("body", "reason"), [(b"\xff", "body"), (b"{}", "specversion"), (misdirected(), "may not carry")], ids=str
)
async def test_what_cannot_be_read_is_kept_with_its_reason_and_others_go_on(body: bytes, reason: str) -> None:
    sums = Sums()
    await sums.fold(labels(0, value=1), Message("labels", 0, 1, body), labels(2, value=1))
    assert (await sums.total(), (await sums.position()).sequence) == (2, 2)
    assert reason in sums.buried()[1]


async def test_of_the_folds_of_a_hub_one_buries_what_cannot_be_read() -> None:
    sums = Sums()
    sums.service.folds_from("labels", state=Sum, fold=add, types=[LabelsRecorded], buries=False)
    named = b'{"type": "mlops.labels.recorded"}'
    await sums.fold(Message("labels", 0, 0, b"garbage"), Message("labels", 0, 1, named), labels(2, value=5))
    assert (await sums.total(), sums.buried()) == (5, {})


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"", "no folded state"),
        (b"{}" * 20, "no folded state"),
        (encode_state(Sum(total=7))[:-1], "checksum"),
        (encode_state(type("Newer", (Sum,), {"version": 2})()), "newer"),
    ],
    ids=["empty", "something else", "cut off", "newer"],
)
async def test_a_state_that_cannot_be_read_harms_its_endpoint_alone(stored: bytes, reason: str) -> None:
    """It is set aside, people are told where it lies, and counting begins anew."""
    sums = Sums()
    await sums.fold(labels(0, "a", 1), labels(1, "b", 1))
    version = (await sums.position()).version
    await sums.folds.write(PLACE, Position(sums.hubs.epoch, 1, version), {str(entity("a")): stored})
    await sums.fold(labels(2, "a", 1), labels(3, "b", 1))
    assert (await sums.total("a"), await sums.total("b")) == (1, 2)
    (told,) = sums.said(StateSetAside)
    assert (told.about, await sums.evidence.read(told.state)) == (str(entity("a")), stored)
    assert reason in told.reason
    assert sums.buried() == {}


async def test_an_announcement_that_is_refused_harms_its_own_rows() -> None:
    sums, publish = Sums(), None
    publish = sums.hubs.publish

    async def refusing(hub: Any, envelopes: Any) -> None:
        if any(each.source == "/test" for each in envelopes):
            raise Refused("hub events: an event is larger than 1048576 bytes")
        await publish(hub, envelopes)

    sums.hubs.publish = refusing  # type: ignore[method-assign]
    await sums.fold(*(labels(n, value=1) for n in range(20)))
    assert (await sums.total(), list(sums.buried())) == (18, [9, 19])


def test_every_event_that_is_told_names_its_entity() -> None:
    told: list[Event] = [
        RowsRefused(service="s", hub="labels", partition=0, about=str(entity("a")), reason="", sequence=0),
        StateSetAside(service="s", hub="labels", partition=0, about=str(entity("a")), reason="", state="0" * 64),
    ]
    assert [event.entity for event in told] == [entity("a")] * 2
