"""Gather and decide: from an event to what will be recorded. Nothing here is written, and nothing done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.events import ActionReleased, Entity, Envelope, from_cloud_event, to_cloud_event
from shared.policies import PolicyDocument
from shared.ports import Brakes, Clock, Entry, Head, Ledger, Waiting
from shared.reactor.effects import Effect, Publish
from shared.reactor.holding import digest_of_effects, held, hold
from shared.reactor.joined import Joined
from shared.reactor.other_builds import OtherBuild
from shared.reactor.recording import read_effect, write_entry, write_given_up
from shared.reactor.releasing import Release, StaleRelease, refusal, release_of
from shared.reactor.service import Decision, Facts, Gatherer, Known, Service
from shared.reactor.wiring import Wiring

_OTHER_STATE = "this build cannot read the state that another one wrote"


class Undeclared(Exception):
    """A policy published an event that its reaction does not list in `emits`: a bug, found before anything is done."""


@dataclass(frozen=True, slots=True)
class Case:
    """One event in front of one service. `bugs`: errors of our own that it met, in words, whatever became of it.

    `effects` are those of the entry that was made of it here, by that entry's hash: reading it gives the same.
    """

    service: Service
    entity: Entity
    envelope: Envelope[Any]
    waiting: Waiting | None = None
    bugs: list[str] = field(default_factory=list)
    effects: dict[str, Sequence[Effect]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Decided:
    """`more` is recorded among the facts: what held it, or what it releases."""

    decision: Decision[Any]
    known: Known = field(default_factory=Known)
    more: Mapping[str, Any] = field(default_factory=dict)


class Deciding:
    def __init__(
        self, wiring: Wiring, ledger: Ledger, clock: Clock, policy: PolicyDocument, brakes: Brakes | None
    ) -> None:
        self._wiring, self._ledger, self._clock, self._policy = wiring, ledger, clock, policy
        self._engaged = Joined(brakes.engaged) if brakes else None

    async def entry(self, case: Case, head: Head) -> Entry:
        """The next entry of this chain. Raises whatever gathering raises, and `Undeclared`."""
        now = self._clock.now()
        if isinstance(case.envelope.data, ActionReleased):
            decided = await self._release(case, case.envelope.data, head, now)
        else:
            decided = await self._held_or_not(case, await self._decide(case, case.envelope, head, now), head, now)
        entry = write_entry(
            case.service.name, case.entity, head, case.envelope, Facts(now, case.envelope.id, decided.known),
            self._policy.digest, decided.decision, decided.more,
        )  # fmt: skip
        case.effects[entry.hash] = decided.decision.effects
        return entry

    def given_up(self, case: Case, head: Head, reason: str) -> Entry:
        """The entry that says that nothing could be decided, and nothing will be."""
        event, now = to_cloud_event(case.envelope), self._clock.now()
        return write_given_up(case.service.name, case.entity, head, event, now, self._policy.digest, reason)

    async def _decide(self, case: Case, envelope: Envelope[Any], head: Head, now: datetime) -> _Decided:
        reaction, state = case.service.reactions[type(envelope.data)], _state(case, head)
        known = await self._gather(reaction.gather, envelope, state) if reaction.gather else Known()
        decision = reaction.decide(state, Facts(now, envelope.id, known), envelope.data, self._policy)
        for effect in decision.effects:
            if isinstance(effect, Publish) and type(effect.event) not in reaction.emits:
                raise Undeclared(f"{case.service.name} on {type(envelope.data).__name__}: {effect.event.type}")
        return _Decided(decision, known)

    async def _gather(self, gather: Gatherer[Any], envelope: Envelope[Any], state: object) -> Known:
        named = {"event": envelope.data, "event_id": envelope.id, "state": state}
        known: Known = await gather(**self._wiring.arguments(gather, **named))
        return known

    async def _held_or_not(self, case: Case, decided: _Decided, head: Head, now: datetime) -> _Decided:
        event, decision = case.envelope.data, decided.decision
        brakes = await self._engaged() if self._engaged and decision.effects else ()
        found = hold(case.service, event, case.entity, decision, self._policy, brakes)
        if found is None:
            return decided
        return _Decided(held(_state(case, head), event, decision, now, found), decided.known, found.recorded())

    async def _release(self, case: Case, released: ActionReleased, head: Head, now: datetime) -> _Decided:
        """Once for each decision; what cannot be done any more is said, and the state stays as it is."""
        state = _state(case, head)
        try:
            release = await release_of(self._ledger, case.service.name, case.entity, released)
            if release.effects is not None:
                rest = [read_effect(record) for record in release.effects]
                return _Decided(Decision(state, rest), more=release.recorded())
            return await self._decide_again(case, released, release, head, now)
        except StaleRelease as reason:
            return _Decided(Decision(state, [Publish(event=refusal(released, str(reason)))]))

    async def _decide_again(
        self, case: Case, released: ActionReleased, release: Release, head: Head, now: datetime
    ) -> _Decided:
        """With the facts of now, so that no time-out has passed; but a person's yes is to just what they were shown."""
        original = from_cloud_event(release.original.event)
        if type(original.data) not in case.service.reactions:
            raise StaleRelease(f"{case.service.name} does not react to {original.data.type}")
        again = await self._decide(case, original, head, now)
        if released.through == "grant":
            if digest_of_effects(again.decision.effects) != release.digest:
                raise StaleRelease("the world has moved on since it was proposed")
            brakes = await self._engaged() if self._engaged else ()
            found = hold(case.service, original.data, case.entity, again.decision, self._policy, brakes)
            if found and found.mode == "observe":
                raise StaleRelease(found.why)
        return _Decided(again.decision, again.known, release.recorded())


def _state(case: Case, head: Head) -> Any:
    """Raises `OtherBuild`: only builds write states."""
    try:
        return case.service.state.read(head.state or {})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise OtherBuild(f"{_OTHER_STATE}: {place}: {first['msg']}") from error
    except Exception as error:  # whatever an upcast makes of it
        raise OtherBuild(f"{_OTHER_STATE}: {error!r}") from error
