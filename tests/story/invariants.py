"""What must hold after every step, whatever happened, and what must have come to rest at the end."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.events import (
    ActionFailed,
    ApprovalGranted,
    Envelope,
    PackageRef,
    PromotionCompleted,
    RollbackCompleted,
    RollbackFailed,
    RollbackRequested,
    to_cloud_event,
)
from shared.reactor import is_intact
from shared.reactor.recording import link
from tests.support.world import World

_FAR = timedelta(days=3650)
_ROLLED_BACK: tuple[type[RollbackCompleted | RollbackFailed], ...] = (RollbackCompleted, RollbackFailed)
# The time of the event says when it was published, which a repeat after a crash does later.
_IDENTITY = ("type", "data", "correlationid", "causationid", "subject")


class Invariants:
    """Remembers what it has checked, so that checking after every step stays cheap."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen_events = 0
        self._contents: dict[str, dict[str, Any]] = {}
        self._granted: set[PackageRef] = set()
        self._chains: dict[tuple[str, str], list[str]] = {}

    async def check(self) -> None:
        self._events()
        self._serving()
        self._jobs()
        await self._ledger()

    def _events(self) -> None:
        for hub, envelope in self._world.hubs.log[self._seen_events :]:
            assert hub != "dead-letter", f"a message could not be handled: {envelope.data.reason}"
            self._one_content(envelope)
            if isinstance(envelope.data, ApprovalGranted):
                self._granted.add(envelope.data.candidate)
            if isinstance(envelope.data, PromotionCompleted):
                self._did_serve(envelope.data)
            if isinstance(envelope.data, RollbackCompleted):
                self._was_restored(envelope.data)
            if isinstance(envelope.data, ActionFailed):
                assert "patience is over" in envelope.data.reason, f"unforeseen failure: {envelope.data}"
        self._seen_events = len(self._world.hubs.log)

    def _one_content(self, envelope: Envelope[Any]) -> None:
        frame = to_cloud_event(envelope)
        content = {name: frame.get(name) for name in _IDENTITY}
        before = self._contents.setdefault(envelope.id, content)
        assert before == content, f"event {envelope.id} has two contents: {before} and {content}"

    def _did_serve(self, event: PromotionCompleted) -> None:
        served = [manifest.current for manifest in self._world.manifests.history]
        assert event.package == served[event.generation - 1], "what was announced as live never served"

    def _was_restored(self, event: RollbackCompleted) -> None:
        written = self._world.manifests.history[event.generation - 1]
        assert event.restored == written.current, "what was announced as restored never served"
        assert len(event.proofs) == event.instances, "an instance counts that proved nothing"

    def _serving(self) -> None:
        """Each generation is written once, over the one before it, and routes to approved packages alone."""
        before: set[PackageRef | None] = {None}
        for number, manifest in enumerate(self._world.manifests.history, start=1):
            assert manifest.generation == number, f"generation {manifest.generation} was written as number {number}"
            assert sum(route.share for route in manifest.routes) in (0, 100), "the shares do not make a whole"
            assert len(manifest.routes) <= 2, "more than a champion and a candidate serve"
            previous = manifest.previous.package if manifest.previous else None
            assert previous in before, "the history is not a chain"
            before = {route.package for route in manifest.routes} or {None}
            for route in manifest.routes:
                assert route.package in self._granted, f"{route.package.model} serves without an approval"

    def _jobs(self) -> None:
        names: dict[tuple[str, str], str] = {}
        for request in self._world.jobs.asked:
            cause = request.tags["sluice-service"], request.tags["sluice-causationid"]
            name = names.setdefault(cause, request.ref.name)
            assert name == request.ref.name, f"{cause} started two jobs: {name}, {request.ref.name}"

    async def _ledger(self) -> None:
        """Entries never change; each names the one before and what became of it. Known ones are compared by hash."""
        async for service, entity, head in self._world.ledger.chains():
            known = self._chains.setdefault((service, str(entity)), [])
            previous = ""
            position = 0
            async for progress in self._world.ledger.entries(service, entity):
                entry = progress.entry
                assert (entry.position, entry.previous) == (position, previous), f"{service} {entity}: a broken chain"
                if position == len(known):
                    assert is_intact(entry), f"{service} {entity} #{position}: content and hash differ"
                    known.append(entry.hash)
                assert entry.hash == known[position], f"{service} {entity} #{position} was rewritten"
                previous = link(entry, progress.marks) if progress.settled else entry.hash
                position += 1
            assert (head.hash, head.length) == (previous, position)

    async def at_rest(self) -> None:
        """Nothing waits, nobody is asked, nothing is under way."""
        world = self._world
        await self.check()
        assert not world.hubs.waiting
        assert not await world.deadlines.due(world.clock.now() + _FAR)
        assert not await world.ledger.due(world.clock.now() + _FAR)
        async for service, entity, head in world.ledger.chains():
            assert not _under_way(service, head.state or {}), f"{service} hangs on {entity}: {head.state}"
            async for progress in world.ledger.entries(service, entity):
                assert progress.settled, f"{service} {entity}: decision {progress.entry.event_id} is not settled"
        unanswered = [approval.id for approval in world.approvals.approvals.values() if approval.status == "open"]
        assert not unanswered, f"people are still asked: {unanswered}"
        await self._live_is_announced()

    async def _live_is_announced(self) -> None:
        """What serves in the end was announced as live, unless its way back was asked for."""
        manifest = await self._world.manifest()
        completed = {event.package for event in self._world.hubs.events(PromotionCompleted)}
        asked_back = {
            event.package
            for event in self._world.hubs.events(RollbackRequested)
            if event.generation == manifest.generation
        }
        restored = manifest.generation in {e.generation for kind in _ROLLED_BACK for e in self._world.hubs.events(kind)}
        for route in manifest.routes:
            told = route.package in completed or route.package in asked_back or restored
            assert told, f"{route.package} serves, but nobody was told"


def _under_way(service: str, state: Mapping[str, Any]) -> bool:
    match service:
        case "staging":
            return bool(state["status"] == "running")
        case "promotion" | "rollback" | "retraining":
            return bool(state["status"] != "idle")
        case "approvals":
            return state["open"] is not None
        case "monitoring":
            return bool(state["windows"])
        case _:
            return False
