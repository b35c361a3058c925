"""A rollback that is asked for (F12, N4)."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Shown
from services.approval_pages.values import package_words
from shared.events import RollbackRequested


def show(asked: RollbackRequested) -> Shown:
    facts = Facts((
        ("Endpoint", asked.endpoint.name),
        ("Would be taken away", package_words(asked.package)),
        ("It serves since", f"generation {asked.generation}"),
        ("Because of", asked.reason),
        ("Asked for by", asked.requested_by),
    ))  # fmt: skip
    return Shown("Rollback", (facts,))


renderer = Renderer(RollbackRequested.type, RollbackRequested, show)
