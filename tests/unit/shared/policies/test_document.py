"""The policy document: typed, layered, and known by its digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drift.limits import DriftLimits
from shared.policies import InvalidPolicy, PolicyDocument
from shared.policies.scope import Scope
from tests.support.builders import read_document

FLIGHTS = Scope(endpoint="flights")


def document(text: str) -> PolicyDocument:
    return read_document(text)


MINIMAL = "endpoints: {flights: {model: flights}}"


def test_what_is_not_written_has_its_default() -> None:
    assert document(MINIMAL).section(DriftLimits, FLIGHTS).action == "retrain"


def test_an_endpoints_own_limit_wins_over_the_documents_default() -> None:
    text = "defaults: {drift: {of: 5, breaches: 4}}\nendpoints: {flights: {model: flights, limits: {drift: {of: 7}}}}"
    drift = document(text).section(DriftLimits, FLIGHTS)
    assert (drift.of, drift.breaches) == (7, 4)


def test_an_endpoint_that_is_not_listed_gets_the_defaults() -> None:
    assert document("defaults: {drift: {of: 5}}\nendpoints: {}").section(DriftLimits, Scope(endpoint="other")).of == 5


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("endpoints: {flights: {}}", "endpoints.flights.model"),
        ("endpoints: {flights: {model: flights, limits: {drift: {breeches: 3}}}}", "drift.breeches"),
        ("endpoints: {flights: {model: flights, limits: {drift: {of: 0}}}}", "drift.of"),
        ("defaults: {scenario: cv}\nendpoints: {}", "defaults.scenario"),
        ("version: 3\nendpoints: {}", "version"),
        ("surprise: 1\nendpoints: {}", "surprise"),
        ("[1, 2]", "a mapping is required"),
        ("a: [", "not YAML"),
    ],
)
def test_what_is_wrong_is_named(text: str, field: str) -> None:
    with pytest.raises(InvalidPolicy, match=field):
        document(text)


def test_the_digest_is_of_the_meaning_not_of_the_spelling() -> None:
    assert document(MINIMAL).digest == document("# a comment\nendpoints:\n  flights:\n    model: flights\n").digest


@given(st.integers(2, 50), st.integers(2, 50))
def test_another_limit_is_another_digest(one: int, two: int) -> None:
    text = "endpoints: {{flights: {{model: flights, limits: {{drift: {{of: {}}}}}}}}}"
    assert (document(text.format(one)).digest == document(text.format(two)).digest) == (one == two)


def test_a_model_is_found_by_the_endpoint_that_it_serves() -> None:
    assert document(MINIMAL).endpoint_of("Flights") == "flights"
    assert document(MINIMAL).endpoint_of("other") is None


def test_where_a_model_serves_is_an_entity_however_it_is_spelt() -> None:
    found = document(MINIMAL)
    for _ in range(2):
        assert found.served_by("Flights") == found.served_by("flights") == found.endpoint_ref("flights").entity
        assert found.served_by("other") is None


def test_a_copy_with_other_endpoints_forgets_the_earlier_ones() -> None:
    before = document("endpoints: {flights: {model: m, limits: {drift: {of: 9}}}}")
    assert before.section(DriftLimits, FLIGHTS).of == 9
    assert (before.served_by("m"), before.mode("drift", FLIGHTS)) != (None, "observe")
    digest, after = (
        before.digest,
        before.model_copy(update={"endpoints": {}, "defaults": {"modes": {"drift": "observe"}}}),
    )
    assert (after.served_by("m"), after.endpoint_of("m"), after.mode("drift", FLIGHTS)) == (None, None, "observe")
    assert after.section(DriftLimits, FLIGHTS).of == DriftLimits().of
    assert after.digest != digest
