"""One version on its way: staging, approval, canary, and the way back."""

import asyncio
from dataclasses import dataclass

from infra.demo import words
from infra.demo.approver import decide, invitation
from infra.demo.observer import CloudEvent, Observer
from infra.demo.run import Run
from infra.demo.stage import Stage

APPROVER = "project-lead"
_STAGED = ("staging.passed", "staging.inconclusive", "staging.failed", "model.rejected")
# A step is said before what came after it, also when both came at once.
_PROMOTED = ("promotion.started", "promotion.stepped", "promotion.completed", "promotion.aborted", "promotion.refused")


@dataclass
class Candidate:
    """`manual`: a person at the browser approves, instead of our own."""

    version: str
    run: Run
    observer: Observer
    stage: Stage
    manual: bool = False

    def is_about(self, event: CloudEvent) -> bool:
        data = event["data"]
        model = (data.get("candidate") or data.get("package") or data).get("model") or {}
        return bool(model.get("version") == self.version)

    async def staged(self) -> CloudEvent:
        """How staging ended."""
        self.stage.doing(f"version {self.version} is in staging")
        return await self.observer.wait(_STAGED, self.is_about)

    async def approved(self) -> None:
        asked = await self.observer.wait(["approval.requested"], self.is_about)
        await self._approve(asked)
        ends = ["approval.granted", "approval.rejected", "approval.expired"]
        granted = await self.observer.wait(ends, self.is_about, 3600)
        self.stage.done(f"{_end_of(granted)} by {granted['data'].get('approver', 'nobody')}")

    async def _approve(self, asked: CloudEvent) -> None:
        notice = await asyncio.wait_for(
            invitation(self.run, asked["data"]["approval_id"], APPROVER), self.observer.patience_s
        )
        name = str(self.run.person(APPROVER)["name"])
        if self.manual:
            self.stage.ask(f"Version {self.version} waits for you. Sign in as {name} and decide:", notice["link"])
            return
        self.stage.doing(f"{name} ({APPROVER}) opens the link, reads the evidence and approves")
        await decide(self.run, notice["link"], APPROVER, "approve", "Reads well on the evidence shown.")

    async def promoted(self) -> CloudEvent:
        """How the promotion ended; its canary steps are said on the way."""
        self.stage.doing(f"version {self.version} is being promoted")
        said: set[str] = set()
        while True:
            event = await self.observer.wait(_PROMOTED, lambda event: self.is_about(event) and event["id"] not in said)
            said.add(event["id"])
            if event["type"].endswith("started"):
                self.stage.done(words.begun(event["data"]))
            elif event["type"].endswith("stepped"):
                self.stage.done(words.stepped(event["data"]))
            else:
                return event

    async def taken_back(self) -> CloudEvent:
        """How the rollback ended."""
        self.stage.doing(f"version {self.version} is being taken back")
        return await self.observer.wait(["rollback.completed", "rollback.failed"], self.is_about)


def _end_of(event: CloudEvent) -> str:
    return str(event["type"].rpartition(".")[2])
