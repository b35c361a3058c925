"""Nothing but `Unreadable` leaves a reader, it names the field, and whatever is read can be written again."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.events import (
    DeadLettered,
    Event,
    LabelsRecorded,
    Unreadable,
    decode,
    encode,
    from_cloud_event,
    to_cloud_event,
)
from shared.events.border import LARGEST_MESSAGE
from shared.events.catalogue import event_types
from shared.events.fields import HORIZON, LONGEST_TEXT, LONGEST_WORDS, Part
from tests.unit.shared.events.examples import envelopes, files

EXAMPLES = [json.loads(path.read_text()) for path in files()]
NOW = datetime(2026, 8, 1, tzinfo=UTC)


def example(type_name: str) -> dict[str, Any]:
    frames = (frame for frame in reversed(EXAMPLES) if frame["type"] == type_name)
    return copy.deepcopy(next(frames))


def changed(type_name: str, **attributes: object) -> dict[str, Any]:
    return {**example(type_name), **attributes}


def with_data(type_name: str, **fields: object) -> dict[str, Any]:
    frame = example(type_name)
    return {**frame, "data": {**frame["data"], **fields}}


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "partitionkey"])
@pytest.mark.parametrize("value", [7, {}, [1], True, float("nan"), "\ud800", "x" * 3000, "a\nb", "\x00"])
def test_what_frames_an_event_is_bounded_printable_text(name: str, value: object) -> None:
    with pytest.raises(Unreadable, match=f"^{name}:"):
        from_cloud_event(changed("mlops.model.registered", **{name: value}))


@pytest.mark.parametrize("name", ["correlationid", "causationid", "traceparent"])
@pytest.mark.parametrize("value", [7, {"a": 1}, [], 0, False, float("nan"), float("inf"), "\udfff", "x" * 257])
def test_what_names_the_chain_is_bounded_printable_text(name: str, value: object) -> None:
    with pytest.raises(Unreadable, match=f"^{name}:"):
        from_cloud_event(changed("mlops.model.registered", **{name: value}))


@pytest.mark.parametrize("name", ["correlationid", "causationid", "traceparent"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_chain_that_is_not_named_begins_here(name: str, value: object) -> None:
    frame = changed("mlops.model.registered", **{name: value})
    envelope = from_cloud_event(frame)
    assert envelope.correlation_id == (frame["id"] if name == "correlationid" else frame["correlationid"])


@pytest.mark.parametrize("tail", ["0", "9" * 5000, "-1", "1.0", "٣", "", "x", "+1", "01", "99999"])
def test_a_version_is_a_number_from_one_on(tail: str) -> None:
    with pytest.raises(Unreadable, match=r"^dataschema:"):
        from_cloud_event(changed("mlops.labels.recorded", dataschema=f"urn:x:{tail}"))


@pytest.mark.parametrize("schema", [7, {}, ["urn:x:1"]])
def test_a_schema_is_a_text(schema: object) -> None:
    with pytest.raises(Unreadable, match=r"^dataschema:"):
        from_cloud_event(changed("mlops.labels.recorded", dataschema=schema))


def test_without_a_schema_it_is_the_first_version() -> None:
    assert from_cloud_event(changed("mlops.capture.lost", dataschema=None)).data.version == 1


@pytest.mark.parametrize("data", [{"keys": 1}, {"inputs": {"a": []}}])
def test_an_older_version_that_cannot_be_brought_up_is_unreadable(data: dict[str, object]) -> None:
    with pytest.raises(Unreadable, match=r"^data"):
        from_cloud_event(changed("mlops.predictions.captured", dataschema="urn:x:1", data=data))


def labels(*moments: str) -> dict[str, Any]:
    keys = [f"k{index}" for index in range(len(moments))]
    return with_data("mlops.labels.recorded", keys=keys, labels=[0.0] * len(keys), observed_at=list(moments))


def test_a_time_without_a_zone_is_in_utc() -> None:
    fact = from_cloud_event(labels("2026-01-01T10:00:00", "2026-01-01T11:00:00+02:00")).data
    assert isinstance(fact, LabelsRecorded)
    assert min(fact.observed_at) == datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert fact.observed_at[0] == datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "1899-12-31T23:59:59", "9999-12-31T23:59:59-14:00"])
def test_a_time_of_no_century_of_ours_is_unreadable(moment: str) -> None:
    with pytest.raises(Unreadable, match=r"^data\.observed_at\.1:"):
        decode(json.dumps(labels("2026-01-01T10:00:00Z", moment)))


@pytest.mark.parametrize("moment", [NOW - HORIZON - timedelta(days=1), NOW + HORIZON + timedelta(days=1)])
def test_who_gives_the_time_now_has_times_checked_against_it(moment: datetime) -> None:
    rows = labels("2026-01-01T10:00:00Z", moment.isoformat())
    assert decode(json.dumps(rows)).data.observed_at[1] == moment
    with pytest.raises(Unreadable, match=r"^data\.observed_at: .*within 18263 days of now"):
        decode(json.dumps(rows), NOW)
    for name, field in (("mlops.retraining.requested", "data_until"), ("mlops.deadline.reached", "at")):
        frame = {**with_data(name, **{field: moment.isoformat()}), "time": NOW.isoformat()}
        assert decode(json.dumps(frame))
        with pytest.raises(Unreadable, match=rf"^data\.{field}:"):
            decode(json.dumps(frame), NOW)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "2127-01-01", "9999-12-31T23:59:59-14:00"])
def test_an_event_of_another_century_is_unreadable_and_an_old_record_is_not(moment: str) -> None:
    frame = changed("mlops.model.registered", time=moment)
    assert from_cloud_event(frame).id == frame["id"]
    with pytest.raises(Unreadable, match=r"^time:"):
        from_cloud_event(frame, NOW)


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "NaN", "Infinity", "1" + "0" * 400 + ".0", "1" + "0" * 30, "9" * 5000]
)
def test_numbers_are_finite_and_of_64_bits(number: str) -> None:
    body = json.dumps(with_data("mlops.window.folded", rows=-77)).replace("-77", number)
    with pytest.raises(Unreadable, match=r"^(data\.rows|body):"):
        decode(body)


def test_a_number_too_large_is_named_by_its_place_in_a_column() -> None:
    body = json.dumps(with_data("mlops.labels.recorded", labels=[0.5, -77])).replace("-77", "1e999")
    with pytest.raises(Unreadable, match=r"^data\.labels\.1:"):
        decode(body)


@pytest.mark.parametrize(
    "body", ['{"a":"\\ud83d"}', b'{"a":"\xed\xa0\x80"}', '{"\\udc00":1}', b'{"a":"\xff"}', '{"a":"\ud83d"}']
)
def test_a_lone_surrogate_is_no_text(body: str | bytes) -> None:
    with pytest.raises(Unreadable, match=r"^body:"):
        decode(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_unicode_is_read_in_the_encodings_that_json_had(encoding: str) -> None:
    envelope = decode(json.dumps(example("mlops.model.registered")).encode(encoding))
    assert envelope.id == example("mlops.model.registered")["id"]


def test_what_no_message_may_hold_is_not_read() -> None:
    with pytest.raises(Unreadable, match=r"^body: at most"):
        decode(json.dumps(with_data("mlops.model.rejected", reason="x" * LARGEST_MESSAGE)))


def test_a_reason_is_cut_and_made_writable_rather_than_refused() -> None:
    for reason in ("x" * 9000, "a\ud83d" * 1500):
        letter = DeadLettered(service="s", hub="h", partition=0, sequence=0, body="ab" * 32, reason=reason)
        assert 1000 <= len(letter.reason) <= LONGEST_WORDS
        letter.as_json()


def test_a_comment_is_kept_without_what_would_change_how_it_is_shown() -> None:
    said = "fine\tby\nme \x1b[2J\x00\u202egnp.exe \u2066é\xa0👩\u200d🔬"
    fact = from_cloud_event(with_data("mlops.approval.decided", comment=said)).data
    assert fact.comment == "fine\tby\nme [2Jgnp.exe é\xa0👩\u200d🔬"


@pytest.mark.parametrize("about", ["a|b|c%00", "%1b[2J|b|c", "%ed%a0%80|b|c", "a|b|" + "c" * 3000, "a|b", ""])
def test_what_an_event_is_about_is_printable_and_bounded_however_it_is_escaped(about: str) -> None:
    with pytest.raises(Unreadable, match=r"^data: "):
        from_cloud_event(with_data("mlops.action.approved", about=about))


def parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and all that it is made of, as its core schema says."""
    found: list[Any] = [model.__pydantic_core_schema__]
    while found:
        piece = found.pop()
        if isinstance(piece, dict):
            if piece.get("type") == "model":
                yield piece["cls"]
            found += piece.values()
        elif isinstance(piece, (list, tuple)):
            found += piece


@pytest.mark.parametrize("event_type", event_types().values())
def test_every_part_of_every_type_bounds_its_texts_and_numbers(event_type: type[Event]) -> None:
    for part in parts(event_type):
        assert issubclass(part, Part)
        assert part.model_config.get("allow_inf_nan") is False
        assert 0 < (part.model_config.get("str_max_length") or 0) <= LARGEST_MESSAGE


def test_a_text_longer_than_any_name_is_refused_by_its_field() -> None:
    with pytest.raises(Unreadable, match=r"^data\.approver:"):
        from_cloud_event(with_data("mlops.approval.granted", approver="x" * (LONGEST_TEXT + 1)))


TEXTS = st.text(st.characters(codec=None))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something may be put instead of what is there."""
    if at:
        yield at
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*at, key))  # type: ignore[index]


@given(frame=st.sampled_from(EXAMPLES), data=st.data(), junk=JUNK)
def test_whatever_is_put_into_an_example_is_read_or_unreadable(
    frame: dict[str, Any], data: st.DataObject, junk: object
) -> None:
    frame = copy.deepcopy(frame)
    *way, last = data.draw(st.sampled_from(list(places(frame))))
    inside: Any = frame
    for key in way:
        inside = inside[key]
    inside[last] = junk
    try:
        envelope = from_cloud_event(frame, NOW)
    except Unreadable:
        return
    assert from_cloud_event(to_cloud_event(envelope)) == envelope
    assert decode(encode(envelope)) == envelope


@given(body=st.binary() | TEXTS)
def test_whatever_bytes_come_in_are_read_or_unreadable(body: bytes | str) -> None:
    with pytest.raises(Unreadable):
        decode(body)


def test_the_examples_lie_within_the_horizon_of_the_year_they_were_written_in() -> None:
    for envelope in envelopes():
        assert decode(encode(envelope), envelope.time) == envelope
