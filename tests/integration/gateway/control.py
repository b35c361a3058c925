"""Control's half of approvals in this process: the real service and reactor, over the gateway's own storage and hub."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

from services import approvals
from services.approvals.policy.asking import approval_id
from shared import ports
from shared.adapters.azure.storage.account import Storage, storage_clients
from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.adapters.memory import (
    ManualClock,
    MemoryBrakes,
    MemoryDeadlines,
    MemoryEventPublisher,
    MemoryLedger,
    MemoryNotifier,
)
from shared.approvals import Approval
from shared.events import CheckResult, Envelope, Event, StagingPassed
from shared.policies import PolicyDocument
from shared.reactor import Handled, Reactor, Wiring
from tests.integration.gateway.conftest import Setting, report
from tests.support.builders import digest, endpoint_ref, envelope, package_ref, policy_document

PERSONAS = ["project-lead", "data-scientist"]


class Control:
    """Opens approvals, and handles what the gateway sent to hub `decisions`, in order and again if asked."""

    def __init__(self, setting: Setting, **limits: Any) -> None:
        self._setting = setting
        self._policy = policy_document(approvals={"personas": PERSONAS, **limits})
        self._ledger, self._publisher, self.notifier = MemoryLedger(), MemoryEventPublisher(), MemoryNotifier()
        self.clock = ManualClock(datetime.now(UTC))

    def ask(self, requested_by: str = "dana@example.com", version: str = "2", character: str = "a") -> Approval:
        passed = StagingPassed(
            candidate=package_ref(version, character),
            endpoint=endpoint_ref(),
            requested_by=requested_by,
            evidence=self._within(lambda storage: BlobEvidence(storage.blobs).keep(report(character))),
            profile=digest("f"),
            checks=(CheckResult(name="golden_rows", verdict="passed"),),
            reason="All checks passed.",
        )
        identity = approval_id(passed)
        self.handle(envelope(passed, id=f"staging of {character} for {id(self)}"))
        return self._within(lambda storage: TableApprovals(storage.tables).get(identity))

    def shown(self, approval: Approval) -> Approval:
        """As the gateway reads it now."""
        return self._within(lambda storage: TableApprovals(storage.tables).get(approval.id))

    def settle(self, approval: Approval, count: int = 1) -> list[Event]:
        """Handle the first `count` decisions about it that reached the hub; what was published in answer."""
        before = len(self.published)
        for decision in self._setting.decisions(approval, count):
            self.handle(decision)
        return self.published[before:]

    @property
    def published(self) -> list[Event]:
        """Everything on hub `events`, oldest first."""
        return [sent.data for sent in self._publisher.published["events"]]

    @property
    def last(self) -> Event:
        return self.published[-1]

    def handle(self, event: Envelope[Any]) -> Handled:
        async def call(storage: Storage) -> Handled:
            return await self._reactor(storage).handle(approvals.service, event)

        return self._within(call)

    def _reactor(self, storage: Storage) -> Reactor:
        provided: dict[type, object] = {
            PolicyDocument: self._policy,
            cast(type, ports.Approvals): TableApprovals(storage.tables),
            cast(type, ports.Brakes): MemoryBrakes(),
            cast(type, ports.Deadlines): MemoryDeadlines(),
            cast(type, ports.EventPublisher): self._publisher,
            cast(type, ports.LinkSigner): self._setting.signer(),
            cast(type, ports.Notifier): self.notifier,
        }
        return Reactor(Wiring(provided), self._ledger, self._publisher, self.clock, self._policy, "tests")

    def _within[T](self, call: Callable[[Storage], Awaitable[T]]) -> T:
        async def run() -> T:
            storage = storage_clients(self._setting.storage)
            try:
                return await call(storage)
            finally:
                await storage.close()

        return asyncio.run(run())
