"""Three acts: a first model goes live, the season shifts and a successor takes over, a broken candidate is refused."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from infra.demo.approver import decide, invitation
from infra.demo.observer import CloudEvent, Observer
from infra.demo.run import Run
from infra.demo.stage import Stage
from infra.demo.traffic import Traffic
from infra.demo.workbench import Workbench
from infra.pipelines.flights import broken, data
from infra.pipelines.flights.train import train

WINTER = ("2013-01-01", "2013-03-01")
WEEKS = tuple(f"{week:%Y-%m-%d}" for week in pd.date_range("2013-03-01", "2013-11-01", freq="7D"))
# Every fifth flight tells the story as well as all of them, in a fifth of the time.
EVERY = 5
# Seconds that a week takes at least, so that a person can follow.
WEEK_S = 1.0
# Weeks replayed after drift is confirmed: the flights on which both versions are compared.
HELD_OUT = 6
APPROVER = "project-lead"


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
    granted: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def tell(self) -> None:
        await self._first_model()
        await self._season_shifts()
        await self._broken_candidate()

    async def _first_model(self) -> None:
        with self.stage.act("1", "Version 1, trained on winter months, goes live"):
            self.stage.doing("a data scientist opens the workspace and registers the training component")
            await self.bench.open()
            job = await self.bench.train(*WINTER, lambda status: self.stage.doing(f"training version 1: {status}"))
            self.stage.done(f"trained by job {job}")
            await self.bench.register_output(job, "1")
            self.told["first live"] = await self._to_live("1")

    async def _to_live(self, version: str) -> CloudEvent:
        """From registration to serving: staging, approval, promotion."""

        def ours(event: CloudEvent) -> bool:
            package = event["data"].get("candidate") or event["data"].get("package")
            return bool(package) and package["model"]["version"] == version

        self.stage.doing(f"version {version} is in staging")
        ends = ("staging.passed", "staging.inconclusive", "staging.failed", "model.rejected")
        staged = await self.observer.wait(ends, lambda event: ours(event) or _rejected(event, version), 180)
        self.stage.done(f"staging {staged['type'].rpartition('.')[2]}: {staged['data']['reason']}")
        if "failed" in staged["type"] or "rejected" in staged["type"]:
            raise AssertionError(f"version {version} was expected to pass: {staged['data']}")
        asked = await self.observer.wait(["approval.requested"], ours)
        await self._approve(asked, version)
        granted = await self.observer.wait(["approval.granted", "approval.rejected", "approval.expired"], ours, 3600)
        self.stage.done(f"{granted['type'].rpartition('.')[2]} by {granted['data'].get('approver', 'nobody')}")
        self._granted(version).set_result(None)
        return await self._promoted(version, ours)

    async def _promoted(self, version: str, ours: Callable[[CloudEvent], bool]) -> CloudEvent:
        """From the first canary step to live, with what the analysis said in between."""
        self.stage.doing(f"version {version} is being promoted")
        ends = ["promotion.completed", "promotion.aborted", "promotion.refused"]
        step = await self.observer.wait(["promotion.stepped", *ends], ours)
        if "stepped" in step["type"]:
            found = "; ".join(f"{finding['test']} {finding['verdict']}" for finding in step["data"]["findings"])
            self.stage.done(f"canary passed ({found}): {step['data']['share']:g} % of the requests")
        live = await self.observer.wait(ends, ours)
        data = live["data"]
        if "completed" not in live["type"]:
            raise AssertionError(f"promotion of version {version} ended as {live['type']}: {data['reason']}")
        self.stage.done(f"live: generation {data['generation']}, confirmed by {data['instances']} scoring instance(s)")
        return live

    async def _approve(self, asked: CloudEvent, version: str) -> None:
        notice = await asyncio.wait_for(invitation(self.run, asked["data"]["approval_id"], APPROVER), 30)
        if self.manual:
            self.stage.ask(f"Version {version} waits for you. Sign in as {self._name()} and decide:", notice["link"])
            return
        self.stage.doing(f"{self._name()} ({APPROVER}) opens the link, reads the evidence and approves")
        await decide(self.run, notice["link"], APPROVER, "approve", "Reads well on the evidence shown.")

    def _name(self) -> str:
        return str(self.run.person(APPROVER)["name"])

    async def _season_shifts(self) -> None:
        with self.stage.act("2", "The season shifts, and a successor takes over"):
            successor, since_drift = asyncio.create_task(self._successor()), 0
            for start, end in pairwise(WEEKS):
                flights = data.rows(start, end).iloc[::EVERY]
                self.stage.week(start, len(flights), self._findings())
                await asyncio.gather(self.traffic.replay(flights), asyncio.sleep(WEEK_S))
                since_drift += "drift" in self.told
                if since_drift >= HELD_OUT:
                    # The year waits here: it must not run out while Azure ML trains and people decide. It goes on
                    # for the canary, which nobody would call otherwise.
                    waited: list[asyncio.Future[Any]] = [successor, self._granted("2")]
                    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if successor.done() and self._windows_of("2") >= 2:
                    break
            await self.traffic.tell()
            self.told["second live"] = await successor

    def _granted(self, version: str) -> asyncio.Future[None]:
        """Done when a person has approved this version."""
        return self.granted.setdefault(version, asyncio.get_running_loop().create_future())

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
        drift = await self.observer.wait(["drift.confirmed"], timeout_s=180)
        self.told["drift"], found = drift, drift["data"]
        columns = ", ".join(found["columns"])
        self.stage.done(f"{found['signal']} drift in {found['breaches']} of {found['of']} windows: {columns}")
        started = await self.observer.wait(["retraining.started"])
        self.stage.done(f"retraining started as job {started['data']['job']['name']}")
        ended = await self.observer.wait(["retraining.completed", "retraining.failed"], timeout_s=180)
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
            self.stage.doing("version 3 is in staging")
            ends = ("staging.failed", "staging.passed", "staging.inconclusive", "model.rejected")

            def ours(event: CloudEvent) -> bool:
                candidate = event["data"].get("candidate")
                return _rejected(event, "3") or bool(candidate and candidate["model"]["version"] == "3")

            ended = await self.observer.wait(ends, ours, 180)
            self.told["turned away"] = ended
            failed = [c for c in ended["data"].get("checks", []) if c["verdict"] == "failed"]
            reason = "; ".join(f"{check['name']}: {check['detail']}" for check in failed) or ended["data"]["reason"]
            self.stage.done(f"{ended['type'].rpartition('.')[2]}: {reason}")
            if not ended["type"].endswith("staging.failed"):
                raise AssertionError("the broken candidate was expected to fail staging")


def _rejected(event: CloudEvent, version: str) -> bool:
    rejected: bool = event["type"].endswith("model.rejected") and event["data"]["model"]["version"] == version
    return rejected
