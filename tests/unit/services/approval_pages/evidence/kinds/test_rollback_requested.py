"""A rollback that is asked for."""

from shared.events import RollbackRequested
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, shown_example
from tests.unit.shared.events.examples import example


def test_what_would_go_and_who_asked_is_told() -> None:
    known, asked = facts(shown_example(RollbackRequested)), example(RollbackRequested)
    assert known["Would be taken away"].startswith(str(asked.package.model))
    assert known["Asked for by"] == asked.requested_by
