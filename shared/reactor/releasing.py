"""Doing, once, what was held or could not be done: a person granted it, or an operator asked for it again.

The original decision's own keys are used, so that whatever of it was done already is recognised outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from shared.events import ActionReleased, Entity, Envelope, ReleaseRefused, derive_id
from shared.ports import Entry, EventPublisher, Ledger, Progress
from shared.reactor.effects import Effect, Occasion
from shared.reactor.holding import Hold, digest_of

type Through = Literal["grant", "redrive"]
_WAYS: tuple[Through, ...] = ("grant", "redrive")


class StaleRelease(Exception):
    """There is nothing to release; the message says why."""


@dataclass(frozen=True, slots=True)
class Release:
    """`effects` are those left of a decision that was not seen through, from `first` on; None: decide again."""

    original: Entry
    effects: Sequence[Mapping[str, Any]] | None
    first: int = 0

    @property
    def digest(self) -> str:
        return digest_of(self.original.effects)

    def recorded(self) -> dict[str, Any]:
        return {"releases": {"decision": self.original.event_id, "first": self.first}}


class ReleaseAction(Effect):
    """Let the service that decided do it now. The event's id derives from the decision: it is released once."""

    kind: ClassVar[str] = "release_action"
    released: ActionReleased

    async def perform(self, occasion: Occasion, publisher: EventPublisher) -> None:
        fact = self.released
        envelope = Envelope(
            id=release_id(fact.through, fact.service, fact.about, fact.decision),
            source="/sluice/releases",
            time=occasion.decided_at,
            data=fact,
            correlation_id=occasion.cause.correlation_id,
            causation_id=occasion.cause.id,
        )
        await publisher.publish("events", [envelope])


def release_id(through: Through, service: str, about: str, decision: str) -> str:
    return derive_id("release", through, service, about, decision)


def refusal(released: ActionReleased, reason: str) -> ReleaseRefused:
    return ReleaseRefused(service=released.service, about=released.about, decision=released.decision, reason=reason)


async def release_of(ledger: Ledger, service: str, entity: Entity, released: ActionReleased) -> Release:
    """What may be released. Raises `StaleRelease` or `Unavailable`."""
    progress = await ledger.find(service, entity, released.decision)
    if progress is None:
        raise StaleRelease("there is no such decision")
    for way in _WAYS:
        other = await ledger.find(service, entity, release_id(way, service, released.about, released.decision))
        if other and other.entry.facts.get("releases"):
            raise StaleRelease("it was released before")
    return what_is_left(progress)


def what_is_left(progress: Progress) -> Release:
    """Raises `StaleRelease` when it is still under way, or when there is nothing left to do."""
    entry = progress.entry
    if not progress.settled:
        raise StaleRelease("it is still under way")
    if Hold.of(entry.facts) or "given_up" in entry.facts:
        return Release(entry, None)
    undone = [index for index in range(len(entry.effects)) if _undone(progress, index)]
    if not undone:
        raise StaleRelease("nothing of it is left to do")
    return Release(entry, entry.effects[undone[0] :], undone[0])


def _undone(progress: Progress, index: int) -> bool:
    mark = progress.marks.get(index)
    return mark is None or mark.outcome != "performed"
