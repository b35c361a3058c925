"""One line for an event: its own words, whatever it is; of what this build cannot read, the reason that it gives."""

from typing import Any

import pytest

from function_app.operator.explaining.words import details
from shared.events import Envelope, PromotionStepped, to_cloud_event
from tests.support.builders import endpoint_ref, package_ref
from tests.support.builders import envelope as enveloped
from tests.unit.shared.events.examples import envelopes


@pytest.mark.parametrize("envelope", list(envelopes()), ids=lambda envelope: envelope.data.type)
def test_every_event_of_the_catalogue_is_told(envelope: Envelope[Any]) -> None:
    said = details(to_cloud_event(envelope))
    assert said
    assert len(said) <= 240


def test_empty_parts_leave_no_gap() -> None:
    stepped = PromotionStepped(endpoint=endpoint_ref(), package=package_ref("2"), share=50, generation=6)
    assert details(to_cloud_event(enveloped(stepped))) == "flights:2; 50 % of the requests; generation 6"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"type": "mlops.of_tomorrow.said", "data": {"reason": "new", "cost": 3}}, "new"),
        ({"type": "mlops.promotion.stepped", "data": {"share": 5}}, ""),
        ({"type": "mlops.promotion.stepped", "data": None}, ""),
        ({"data": {"reason": 3}}, ""),
        ({}, ""),
    ],
)
def test_what_this_build_cannot_read_says_its_reason_or_nothing(event: dict[str, Any], told: str) -> None:
    assert details(event) == told
