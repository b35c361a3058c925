"""A file that waits to be scored (R042)."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Shown
from services.approval_pages.values import number
from shared.events import BatchRequested


def show(asked: BatchRequested) -> Shown:
    facts = Facts((
        ("File", f"batch-in/{asked.file.name}"),
        ("Size", number(asked.file.size / 1_000_000, "MB")),
        ("Endpoint", asked.endpoint.name if asked.endpoint else "none by its name"),
    ))  # fmt: skip
    return Shown("A file to score", (facts,))


renderer = Renderer(BatchRequested.type, BatchRequested, show)
