"""`sluice policy`: every limit with its origin, and a schema that knows every limit."""

from typing import Any

import jsonschema
import pytest
import yaml

from function_app.operator.policy_origins import effective
from shared.policies import InvalidPolicy
from shared.policies.schema import policy_schema
from shared.policies.section import sections
from tests.support.builders import read_document

_TEXT = """
defaults: {drift: {breaches: 3, of: 4}, notifications: {audiences: {mlops.drift.confirmed: [data-scientist]}}}
endpoints:
  flights: {model: flights, limits: {drift: {of: 6}}}
  images: {model: cats, scenario: cv}
"""


def origins(endpoint: str) -> dict[str, tuple[Any, str]]:
    document = read_document(_TEXT, ())
    return {limit.path: (limit.value, limit.origin) for limit in effective(document, endpoint)}


def test_the_uppermost_layer_that_says_something_is_the_origin() -> None:
    found = origins("flights")
    assert found["drift.of"] == (6, "endpoint flights")
    assert found["drift.breaches"] == (3, "defaults")
    assert found["drift.action"] == ("retrain", "built in")
    assert found["notifications.audiences.mlops.drift.confirmed"] == (["data-scientist"], "defaults")


def test_a_scenario_is_an_origin_where_it_differs() -> None:
    found = origins("images")
    assert found["scenario"] == ("cv", "endpoint images")
    assert found["drift.action"] == ("notify", "rule of scenario cv")
    assert found["drift.feature_psi"] == (0.25, "built in")


def test_an_endpoint_that_is_not_listed_has_the_defaults() -> None:
    assert origins("other")["drift.of"] == (4, "defaults")
    assert origins("other")["scenario"] == ("classical", "built in")


def test_every_effective_limit_is_told() -> None:
    document = read_document(_TEXT, ())
    assert len({limit.path for limit in effective(document, "flights")}) == len(effective(document, "flights"))
    assert {limit.path.partition(".")[0] for limit in effective(document, "flights")} == {"scenario", *sections()} - {
        "modes"
    }


@pytest.mark.parametrize(
    "text",
    [
        _TEXT,
        "endpoints: {a: {model: m, limits: {drift: {feature_psi: -1}}}}",
        "endpoints: {a: {model: m, limits: {drift: {no_such: 1}}}}",
        "endpoints: {a: {model: m, limits: {nothing: {}}}}",
        "endpoints: {a: {model: m, scenario: audio}}",
        "{defaults: {promotion: {silent_s: 0}}, endpoints: {a: {model: m}}}",
        "{endpoints: {}, other: 1}",
    ],
)
def test_the_schema_takes_what_sluice_takes_and_nothing_else(text: str) -> None:
    schema = policy_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    try:
        read_document(text, ())
    except InvalidPolicy:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(yaml.safe_load(text), schema)
    else:
        jsonschema.validate(yaml.safe_load(text), schema)
