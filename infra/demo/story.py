"""Four acts: a first model goes live, a successor takes over, a broken candidate is refused, a slow one taken back."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pandas as pd

from infra.demo import words
from infra.demo.candidate import Candidate
from infra.demo.observer import CloudEvent, Observer
from infra.demo.run import Run
from infra.demo.stage import Stage
from infra.demo.traffic import Traffic
from infra.demo.workbench import Workbench
from infra.pipelines.flights import broken, data, slow
from infra.pipelines.flights.train import train

WINTER = ("2013-01-01", "2013-03-01")
WEEKS = tuple(f"{week:%Y-%m-%d}" for week in pd.date_range("2013-03-01", "2013-11-01", freq="7D"))
# Every fifth flight tells the story as well as all of them, in a fifth of the time.
EVERY = 5
# Seconds that a week takes at least, so that a person can follow.
WEEK_S = 1.0
# Weeks replayed after drift is confirmed: the flights on which both versions are compared.
HELD_OUT = 6


@dataclass
class Story:
    """`manual`: a person at the browser approves, instead of our own."""

    run: Run
    observer: Observer
    bench: Workbench
    traffic: Traffic
    stage: Stage
    manual: bool = False
    told: dict[str, CloudEvent] = field(default_factory=dict)

    async def tell(self) -> None:
        await self._first_model()
        await self._season_shifts()
        await self._broken_candidate()
        await self._slow_candidate()

    def _candidate(self, version: str) -> Candidate:
        return Candidate(version, self.run, self.observer, self.stage, self.manual)

    async def _first_model(self) -> None:
        with self.stage.act("1", "Version 1, trained on winter months, goes live"):
            self.stage.doing("a data scientist opens the workspace and registers the training component")
            await self.bench.open()
            job = await self.bench.train(*WINTER, lambda status: self.stage.doing(f"training version 1: {status}"))
            self.stage.done(f"trained by job {job}")
            await self.bench.register_output(job, "1")
            self.told["first live"] = await self._to_live("1")

    async def _to_live(self, version: str) -> CloudEvent:
        """From registration to serving: staging, approval, canary, promotion."""
        candidate = self._candidate(version)
        await self._to_canary(candidate)
        with self.traffic.busy():
            live = await candidate.promoted()
        if not live["type"].endswith("completed"):
            raise AssertionError(f"promotion of version {version} ended: {words.aborted(live['data'])}")
        self.stage.done(words.live(live["data"]))
        return live

    async def _to_canary(self, candidate: Candidate) -> None:
        staged = await candidate.staged()
        self.stage.done(f"staging {staged['type'].rpartition('.')[2]}: {staged['data']['reason']}")
        if staged["type"].endswith(("failed", "rejected")):
            raise AssertionError(f"version {candidate.version} was expected to pass: {staged['data']}")
        await candidate.approved()

    async def _season_shifts(self) -> None:
        with self.stage.act("2", "The season shifts, and a successor takes over"):
            successor, since_drift = asyncio.create_task(self._successor()), 0
            for start, end in pairwise(WEEKS):
                flights = data.rows(start, end)
                self.traffic.ask_about(_others(flights))
                self.stage.week(start, len(flights) // EVERY, self._findings())
                await asyncio.gather(self.traffic.replay(flights.iloc[::EVERY]), asyncio.sleep(WEEK_S))
                since_drift += "drift" in self.told
                if since_drift >= HELD_OUT:
                    # The year waits here: it must not run out while Azure ML trains and people decide.
                    self.told["second live"] = await successor
                if self._windows_of("2") >= 2:
                    break
            await self.traffic.tell()
            self.told["second live"] = await successor

    def _findings(self) -> str:
        measured = self.observer.all("drift.measured")
        if not measured:
            return "no window measured yet"
        worst = max(measured[-1]["data"]["features"], key=lambda feature: feature["psi"])
        return f"last window: {worst['name']} PSI {worst['psi']:.2f}"

    def _windows_of(self, version: str) -> int:
        measured = self.observer.all("drift.measured")
        return sum(event["data"]["package"]["model"]["version"] == version for event in measured)

    async def _successor(self) -> CloudEvent:
        drift = await self.observer.wait(["drift.confirmed"])
        self.told["drift"], found = drift, drift["data"]
        columns = ", ".join(found["columns"])
        self.stage.done(f"{found['signal']} drift in {found['breaches']} of {found['of']} windows: {columns}")
        started = await self.observer.wait(["retraining.started"])
        self.stage.done(f"retraining started as job {started['data']['job']['name']}")
        ended = await self.observer.wait(["retraining.completed", "retraining.failed"])
        if "failed" in ended["type"]:
            raise AssertionError(f"retraining failed: {ended['data']['reason']}")
        version = ended["data"]["model"]["version"]
        self.stage.done(f"version {version} was trained and registered")
        return await self._to_live(version)

    async def _broken_candidate(self) -> None:
        with self.stage.act("3", "A broken candidate is turned away"), tempfile.TemporaryDirectory() as folder:
            good, bad = Path(folder) / "good", Path(folder) / "broken"
            self.stage.doing("a model is trained on shuffled labels and registered as version 3")
            await asyncio.to_thread(train, *WINTER, good)
            await asyncio.to_thread(broken.spoil, good, bad)
            await self.bench.register_files(bad, "3")
            ended = await self._candidate("3").staged()
            self.told["turned away"] = ended
            failed = [c for c in ended["data"].get("checks", []) if c["verdict"] == "failed"]
            reason = "; ".join(f"{check['name']}: {check['detail']}" for check in failed) or ended["data"]["reason"]
            self.stage.done(f"{ended['type'].rpartition('.')[2]}: {reason}")
            if not ended["type"].endswith("staging.failed"):
                raise AssertionError("the broken candidate was expected to fail staging")

    async def _slow_candidate(self) -> None:
        with self.stage.act("4", "An accurate candidate is too slow, and is taken back"):
            with tempfile.TemporaryDirectory() as folder:
                good, late = Path(folder) / "good", Path(folder) / "slow"
                self.stage.doing("version 2 is registered as version 4, with a graph that does needless work")
                await self.bench.download("2", good)
                await asyncio.to_thread(slow.delay, good, late)
                await self.bench.register_files(late, "4")
            candidate = self._candidate("4")
            await self._to_canary(candidate)
            with self.traffic.busy():
                ended = await candidate.promoted()
            if not ended["type"].endswith("aborted"):
                raise AssertionError(f"the slow candidate was expected to be caught in canary: {ended['data']}")
            self.stage.done(words.aborted(ended["data"]))
            back = await candidate.taken_back()
            if not back["type"].endswith("completed"):
                raise AssertionError(f"the rollback of version 4 failed: {back['data']['reason']}")
            self.stage.done(words.restored(back["data"]))
            self.told["taken back"] = back
        await self.traffic.rest()


def _others(flights: pd.DataFrame) -> pd.DataFrame:
    """Those that are not replayed, in no order: whoever asks about one flight may ask about any of the week."""
    return flights.drop(flights.index[::EVERY]).sample(frac=1.0, random_state=0)
