"""An entity has one spelling, and is safe as a table key."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Entity

NAMES = st.text(min_size=1, max_size=40)


@given(NAMES, NAMES, NAMES)
def test_what_is_written_is_read_back(workspace: str, kind: str, name: str) -> None:
    entity = Entity.of(workspace, kind, name)
    assert Entity.parse(str(entity)) == entity


@given(NAMES, NAMES, NAMES)
def test_a_table_key_holds_nothing_that_tables_refuse(workspace: str, kind: str, name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._~=-]+", Entity.of(workspace, kind, name).table_key)


PARTS = st.text(min_size=1, max_size=40).filter(lambda text: "|" not in text)


@given(PARTS, PARTS, PARTS)
def test_a_table_key_is_read_back_and_begins_as_its_kind_does(workspace: str, kind: str, name: str) -> None:
    entity = Entity.of(workspace, kind, name)
    assert Entity.from_table_key(entity.table_key) == entity
    assert entity.table_key.startswith(Entity.table_keys_of(workspace, kind))
    assert not Entity.of(workspace, f"{kind}s", name).table_key.startswith(Entity.table_keys_of(workspace, kind))


@pytest.mark.parametrize("key", ["", "flights", "a=7Cb", "a=7C=7Cc", "a=7Cb=7Cc=7Cd"])
def test_what_is_no_table_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="table key"):
        Entity.from_table_key(key)


@given(st.tuples(NAMES, NAMES, NAMES), st.tuples(NAMES, NAMES, NAMES))
def test_different_entities_have_different_keys(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    left, right = Entity.of(*one), Entity.of(*two)
    assert (left == right) == (left.table_key == right.table_key)
    assert (left == right) == (left.partition_key == right.partition_key)


@given(NAMES, NAMES, NAMES)
def test_a_partition_key_is_one_that_every_client_takes(workspace: str, kind: str, name: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", Entity.of(workspace * 20, kind, name * 20).partition_key)


def test_a_partition_key_is_the_same_for_ever() -> None:
    """Another one would tear an entity's events apart: those from before lie in another partition."""
    assert Entity.of("/subscriptions/s", "model", "flights").partition_key == "5c5c3fa2f9474d99280689a27060715b"


def test_azures_varying_case_makes_no_second_entity() -> None:
    assert Entity.of("/Subscriptions/S/", "Model", "Flights") == Entity.of("/subscriptions/s", "model", "flights")


@pytest.mark.parametrize("text", ["", "a|b", "a|b|c|d", "a||c"])
def test_what_is_no_entity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="entity"):
        Entity.parse(text)
