"""Performance in production beside the package's own test."""

from services.approval_pages.evidence.registry import show
from shared.approvals import Exhibit
from shared.events import PerformanceMeasured
from tests.unit.services.approval_pages.evidence.kinds.showing import tables
from tests.unit.shared.events.examples import example


def test_each_metric_stands_beside_its_own_test_with_the_difference() -> None:
    figures = {"metrics": {"roc_auc": 0.7, "log_loss": 0.5}, "baseline": {"roc_auc": 0.75}}
    (table,) = tables(show(Exhibit.of_event(example(PerformanceMeasured).model_copy(update=figures))))
    assert table.rows == (("log loss", "0.5", "–", "–"), ("roc auc", "0.7", "0.75", "-0.05"))
