"""The broken servers find what they break, and a broken server is noticed by the checks it names and by no other."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.azure_sdk.javascript.mutations import MUTATIONS, Mutation
from tests.azure_sdk.javascript.proving import complaints

CLAIMS = {"a key is kept", "a key is short", "a body is kept"}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_says_what_it_breaks_and_that_is_there(mutation: Mutation) -> None:
    broken = []

    def put(owner: object, name: str, make: Callable[[Any], Any]) -> None:
        assert make(getattr(owner, name)) is not getattr(owner, name)
        broken.append(name)

    mutation.apply(put)
    assert broken
    assert mutation.what.endswith(".")
    assert mutation.red


@pytest.mark.parametrize(
    ("red", "may", "failed", "complaint"),
    [
        (("a key",), (), {"a key is kept", "a key is short"}, []),
        (("a key is short",), ("body",), {"a key is short", "a body is kept"}, []),
        (("a key",), (), {"a key is kept"}, ["not noticed by: a key is short"]),
        (("short",), (), {"a key is kept", "a key is short"}, ["noticed by: a key is kept"]),
        (("short", "long"), (), {"a key is short"}, ["no check claims 'long'"]),
    ],
)
def test_red_has_to_be_what_was_named(
    red: tuple[str, ...], may: tuple[str, ...], failed: set[str], complaint: list[str]
) -> None:
    mutation = Mutation("m", "Breaks something.", red, may, lambda put: None)
    assert complaints(mutation, CLAIMS, failed) == complaint
