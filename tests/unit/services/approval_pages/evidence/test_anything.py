"""What has no renderer is legible all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approval_pages.evidence.anything import show_anything, words
from services.approval_pages.evidence.showing import Facts, Table
from shared.approvals import Exhibit
from tests.support.builders import workspace
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, tables

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"), ("", "–"), ([], "–"), (True, "yes"), (0, "0"), (12345.6, "12,346"), ("a" * 64, "a" * 12),
        ("2026-03-02T12:00:00Z", "2026-03-02 12:00 UTC"), ("Taken", "Taken"), (["a", 1], "a, 1"),
        (workspace(), workspace().rpartition("/")[2]), ("2026-03-02T12:00:00+02:00", "2026-03-02 10:00 UTC"),
        ("0001-01-01T00:00:00+09:00", "0001-01-01T00:00:00+09:00"), (10**400, f"{10**400:,}"),
    ],
)  # fmt: skip
def test_values_are_written_as_people_read_them(value: object, expected: str) -> None:
    assert words(value) == expected


def test_nested_fields_are_named_in_full_and_lists_of_things_are_tables() -> None:
    data = {"cost": {"per_month": 120.5}, "roles": [{"who": "ana", "role": "Reader"}, {"who": "bo", "since": None}]}
    shown = show_anything(Exhibit(kind="mlops.access.compared", data=data))
    assert (shown.title, facts(shown)) == ("Access compared", {"cost per month": "120.5"})
    (table,) = tables(shown)
    assert (table.columns, table.rows) == (("who", "role", "since"), (("ana", "Reader", "–"), ("bo", "–", "–")))


def test_what_is_too_much_is_cut_and_said() -> None:
    wide = show_anything(Exhibit(kind="x", data={f"f{n}": n for n in range(100)}))
    assert (len(facts(wide)), wide.text) == (60, "40 further fields are not shown.")
    (table,) = tables(show_anything(Exhibit(kind="x", data={"rows": [{"a": n} for n in range(80)]})))
    assert (table.caption, len(table.rows)) == ("rows (the first 50 of 80)", 50)


def test_what_is_nested_without_end_is_shown_so_far_as_anybody_reads() -> None:
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"a": deep, "b": [[1]]}
    assert len(facts(show_anything(Exhibit(kind="x", data=deep)))) < 20


@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_no_data_is_beyond_showing(data: dict[str, object]) -> None:
    for block in show_anything(Exhibit(kind="x", data=data)).blocks:
        assert isinstance(block, Facts | Table)
