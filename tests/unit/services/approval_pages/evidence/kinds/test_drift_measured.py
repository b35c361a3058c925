"""A window's drift: the furthest column first."""

from services.approval_pages.evidence.registry import show
from shared.approvals import Exhibit
from shared.events import DriftMeasured, FeatureDrift
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, shown_example, tables
from tests.unit.shared.events.examples import example


def test_the_columns_are_listed_from_the_furthest_on() -> None:
    plain = example(DriftMeasured)
    features = [
        FeatureDrift(name=f"c{n}", psi=n / 100, js=0.01, null_rate=0.02, reference_null_rate=0) for n in range(40)
    ]
    inputs, prediction = tables(show(Exhibit.of_event(plain.model_copy(update={"features": tuple(features)}))))
    assert inputs.caption == "Inputs, the 25 furthest of 40"
    assert inputs.rows[0] == ("c39", "0.39", "0.01", "2.0%", "0%")
    assert len(prediction.rows) == 1


def test_the_window_and_its_rows_are_told() -> None:
    assert {"Model", "Window", "Rows"} == facts(shown_example(DriftMeasured)).keys()
