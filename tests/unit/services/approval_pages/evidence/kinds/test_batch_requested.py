"""A file that waits to be scored."""

from shared.events import BatchRequested
from tests.unit.services.approval_pages.evidence.kinds.showing import facts, shown_example
from tests.unit.shared.events.examples import example


def test_the_file_is_named_with_its_size() -> None:
    known, asked = facts(shown_example(BatchRequested)), example(BatchRequested)
    assert known["File"] == f"batch-in/{asked.file.name}"
    assert known["Size"].endswith("MB")
