"""A retraining that is asked for (E4, E6)."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Facts, Shown
from services.approval_pages.values import day
from shared.events import RetrainingRequested


def show(asked: RetrainingRequested) -> Shown:
    facts = Facts((
        ("Model", asked.model_name),
        ("Endpoint", asked.endpoint.name),
        ("Because of", asked.reason),
        ("On rows up to", day(asked.data_until)),
    ))  # fmt: skip
    return Shown("Retraining", (facts,))


renderer = Renderer(RetrainingRequested.type, RetrainingRequested, show)
