"""What control answered to a command: read from the decision that it recorded about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from function_app.operator.console import clean
from function_app.operator.explaining.words import details
from function_app.operator.ledger.views import effect_name, short_type
from shared.events import Unreadable, read_fact
from shared.ports import Progress

_NO = ("mlops.command.refused", "mlops.redrive.refused", "mlops.rollback.failed", "mlops.rollback.superseded")


@dataclass(frozen=True, slots=True)
class Answer:
    """`event` is the type of the event that says it, empty where control could not say anything."""

    good: bool
    text: str
    event: str = ""


def answer_of(progress: Progress) -> Answer:
    """Of a settled decision. What it published counts, and only if all of it was done."""
    entry = progress.entry
    if given_up := entry.facts.get("given_up"):
        return Answer(False, f"it could not be decided: {given_up}")
    for index, effect in enumerate(entry.effects):
        mark = progress.marks.get(index)
        if mark is None or mark.outcome != "performed":
            became = ": ".join(filter(None, (mark.outcome, mark.reason))) if mark else "not done"
            return Answer(False, f"{effect_name(effect)} was {became}")
    return next(map(_answer, said(progress)), Answer(False, "control decided that there is nothing to do"))


def said(progress: Progress) -> Iterator[Mapping[str, Any]]:
    """The events that it published, as `type`, `version` and `data`."""
    for effect in progress.entry.effects:
        event = effect.get("data", {}).get("event") if effect.get("kind") == "publish" else None
        if isinstance(event, Mapping):
            yield event


def end_of(progress: Progress, ends: tuple[str, ...]) -> Answer | None:
    """The answer, if this decision published an event of one of these types."""
    return next((_answer(event) for event in said(progress) if event.get("type") in ends), None)


def _answer(event: Mapping[str, Any]) -> Answer:
    kind = str(event.get("type", ""))
    return Answer(kind not in _NO, _words(kind, event), kind)


def _words(kind: str, event: Mapping[str, Any]) -> str:
    """As its class replies; of what this build cannot read, or that has no reply of its own, type and details."""
    frame = {**event, "dataschema": f"urn:sluice:{kind}:{event.get('version', 1)}"}
    try:
        reply = read_fact(frame).reply()
    except Unreadable:
        reply = ""
    return clean(reply) or f"{short_type(kind)}: {details(frame)}"
