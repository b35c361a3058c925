"""All that reads, decides and performs, put together over the ports that an app provides."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.policies import PolicyDocument, Retention
from shared.ports import (
    Archive,
    Brakes,
    Clock,
    Deadlines,
    EventPublisher,
    Evidence,
    Folds,
    Grown,
    Heartbeats,
    HubReader,
    LaneBook,
    Ledger,
    LetterBodies,
    LetterBook,
    PolicyBook,
    Positions,
    Seals,
)
from shared.reactor.breaker import Breaker
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.deadlines import ring
from shared.reactor.fold_failures import FoldFailures
from shared.reactor.folding import Folding
from shared.reactor.hub_log import HubLog
from shared.reactor.lanes import Lanes, lanes_of
from shared.reactor.patience import Patience
from shared.reactor.policy_record import PolicyRecord
from shared.reactor.reactor import Reactor
from shared.reactor.reading import Reading
from shared.reactor.retention import retention_parts
from shared.reactor.sealing import seal
from shared.reactor.service import Service
from shared.reactor.stalls import Stalls
from shared.reactor.ticking import LATE, Part, Ticking
from shared.reactor.translating import Translate, Translating
from shared.reactor.wiring import Wiring

log = logging.getLogger("sluice.runtime")
HEARTBEAT = timedelta(minutes=5)
# It reads the head of every chain. What it finds may wait for a week.
LOOKED_OVER = timedelta(hours=6)


class Runtime:
    """`provided` holds an adapter for each port, `owner` names this instance and `build` its code.

    Raises `Unwired` where a service asks for more than is provided.
    """

    def __init__(
        self, provided: Mapping[type, Any], services: Mapping[str, Service], policy: PolicyDocument, *,
        owner: str, build: str, patience: Patience | None = None, changed_by: str = "",
    ) -> None:  # fmt: skip
        self.services, self.lanes_by_name = services, lanes_of(services)
        self._ports, self._build, self._has_beaten = provided, build, False
        clock, publisher, ledger = provided[Clock], provided[EventPublisher], provided[Ledger]
        self._dead_letters = DeadLetters(publisher, provided[LetterBodies], clock, provided[LetterBook])
        wiring = Wiring({**provided, PolicyDocument: policy, DeadLetters: self._dead_letters})
        wiring.check(services.values())
        book = provided[LaneBook]
        breaker = Breaker(book, publisher, clock, build)
        self.reactor = Reactor(
            wiring, ledger, publisher, clock, policy, owner, patience, provided[Brakes], provided[Grown], breaker
        )
        self._stalls = Stalls(publisher, clock)
        self._reading = Reading(provided[Positions], provided[HubReader], publisher, clock)
        self.lanes = Lanes(
            self.reactor, self._reading, self._dead_letters, book, clock, breaker, self._stalls, services
        )
        failures = FoldFailures(self._dead_letters, provided[Evidence], publisher, clock)
        log = HubLog(provided[HubReader], publisher, clock)
        self.folding = Folding(wiring, provided[Folds], publisher, log, failures, self._stalls, clock)
        self.on_record = PolicyRecord(policy, provided[Evidence], provided[PolicyBook], publisher, clock, changed_by)
        minutely = timedelta(minutes=1)
        parts = [
            Part("reminders", self.remind),
            Part("policy on record", self.on_record.keep),
            Part("sweeper", self.sweep),
            Part("left open", self.reactor.take_up, every=LOOKED_OVER),
            Part("seal", self.seal, every=minutely),
            Part("heartbeat", self.beat, every=HEARTBEAT),
        ]
        lives = policy.section(Retention)
        retained = retention_parts(ledger, provided[Archive], provided[LetterBook], provided[Folds], lives)
        self._ticking = Ticking([*parts, *retained])

    def translating(self, translate: Translate) -> Translating:
        """What reads hub `inbound`."""
        publisher = self._ports[EventPublisher]
        return Translating(
            "intake", "inbound", translate, "events", publisher, self._reading, self._dead_letters, self._stalls
        )

    async def tick(self) -> None:
        """All that goes by the clock, each part in its own time. Raises `PartsFailed`, when all parts have ended."""
        await self._ticking.tick()

    async def remind(self) -> None:
        await ring(self._ports[Deadlines], self._ports[EventPublisher], self._ports[Clock])

    async def sweep(self) -> None:
        await self.reactor.resume(self.services)

    async def seal(self) -> None:
        await seal(self._ports[Ledger], self._ports[Grown], self._ports[Seals])

    async def beat(self) -> None:
        """Say that the timer runs, and by which build: in a quiet system nothing else does."""
        heartbeats: Heartbeats = self._ports[Heartbeats]
        now = self._ports[Clock].now()
        if not self._has_beaten and (last := await heartbeats.last()) and now - last.at > HEARTBEAT + LATE:
            log.warning("the clock stood still: the last heartbeat before this one is of %s", last.at.isoformat())
        await heartbeats.beat(now, self._build)
        self._has_beaten = True
