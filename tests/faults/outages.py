"""Faults around control, spread over a campaign by the number of kills so far."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence

from tests.faults.crashing import Kill
from tests.faults.losing import LosingProxy
from tests.faults.plans import WAITING, Outage
from tests.faults.system import System

# So often the Azure ML SDK tries one call; and how long we leave Azure ML alone after that.
TRIES, PAUSE_S = 3, 8.0
# Hubs whose events keep coming, so that a gap is soon noticed.
BUSY_HUBS = ("events", "predictions")
LEFT_OUT, SWAPPED, DOUBLED = 3, 2, 60
# Control alone calls these: submissions, and the registration of what was retrained.
CONTROLS_OWN = "/jobs/|/versions/3"


class Outages:
    """`strike` does what is due; `to_come` says whether something planned has not happened yet."""

    def __init__(self, system: System, planned: Sequence[Outage]) -> None:
        self._system, self._planned = system, deque(planned)
        self._own: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._next_refusal = 0.0

    @property
    def to_come(self) -> bool:
        return bool(self._planned or self._lost_due())

    @property
    def counts(self) -> Counter[str]:
        """What has happened, by kind; answers are counted where they were lost."""
        counts = Counter(self._own)
        for proxy in self._system.proxies:
            counts.update({f"answers lost ({what})": count for what, count in proxy.lost.items()})
        return counts

    def _lost_due(self) -> int:
        return sum(proxy.due for proxy in self._system.proxies)

    @property
    def deliveries(self) -> dict[str, int]:
        """How many were doubled, left out, or overtaken by the next."""
        names = {"duplicate": "doubled", "skip": "left out", "reorder": "swapped"}
        return {name: self._asked[fault] - self._system.left(fault) for fault, name in names.items()}

    async def strike(self, kills: int, remaining: Sequence[Kill], new_wave: bool) -> None:
        if new_wave:
            await asyncio.to_thread(self._disturb, "duplicate", DOUBLED, ("*",))
        while self._planned and self._planned[0].after <= kills:
            await asyncio.to_thread(self._strike, self._planned.popleft())
        if not remaining:  # the stories under way shall meet what is still due: new ones would be told for nothing else
            for proxy in self._system.proxies:
                proxy.hurry()
        # One call at a time fails: what waits must also get through, or nothing would ever stop waiting.
        waits_needed = any(kill.step in WAITING for kill in remaining)
        if waits_needed and time.monotonic() > self._next_refusal:
            self._next_refusal = time.monotonic() + PAUSE_S
            await asyncio.to_thread(self._refuse)

    def _strike(self, outage: Outage) -> None:
        system = self._system
        match outage.kind:
            case "lost answer" if outage.whose == "Azure ML":
                match = {"method": "PUT", "path_regex": CONTROLS_OWN}
                system.disturb_azure_ml(match=match, answer_lost=True, times=1)
                self._own["answers lost (Azure ML)"] += 1
            case "lost answer":
                self._proxy(outage.whose).lose(outage.skip)
            case "gap":
                self._disturb("skip", LEFT_OUT)
                self._own["gaps"] += 1
            case "reorder":
                self._disturb("reorder", SWAPPED)
                self._own["reorders"] += 1
            case "Event Hubs kill":
                system.kill_hubs()
                self._own["Event Hubs kills"] += 1
            case "storage restart":
                system.azurite.restart()
                self._own["storage restarts"] += 1
            case other:
                raise ValueError(other)

    def _proxy(self, whose: str) -> LosingProxy:
        system = self._system
        return {"tables": system.table_proxy, "blobs": system.blob_proxy, "hubs": system.hub_proxy}[whose]

    def _disturb(self, fault: str, events: int, hubs: Sequence[str] = BUSY_HUBS) -> None:
        """What is left over from before is taken over."""
        left = self._system.left(fault)
        for hub in hubs:
            self._system.disturb_hub(fault, hub, events=events)
        self._asked[fault] += self._system.left(fault) - left

    def _refuse(self) -> None:
        """The next readings of a job or a model are answered with 503, unless such are still to come."""
        if not self._system.azure_ml_faults_left():
            match = {"method": "GET", "path_regex": "/(jobs|models)/"}
            self._system.disturb_azure_ml(match=match, status=503, times=TRIES)
            self._own["Azure ML outages"] += 1
