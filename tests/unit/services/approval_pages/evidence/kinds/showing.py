"""What the renderers are asked in the tests."""

from services.approval_pages.evidence.registry import renderers, show
from services.approval_pages.evidence.showing import Facts, Measure, Measures, Shown, Table
from shared.approvals import Exhibit
from shared.events import Event
from tests.unit.shared.events.examples import example


def shown_example[E: Event](event_type: type[E]) -> Shown:
    """The catalogue's example, by a renderer of its own."""
    assert event_type.type in renderers()
    return show(Exhibit.of_event(example(event_type)))


def facts(shown: Shown) -> dict[str, str]:
    return {name: value for block in shown.blocks if isinstance(block, Facts) for name, value in block.rows}


def measures(shown: Shown) -> list[Measure]:
    return [row for block in shown.blocks if isinstance(block, Measures) for row in block.rows]


def tables(shown: Shown) -> list[Table]:
    return [block for block in shown.blocks if isinstance(block, Table)]
