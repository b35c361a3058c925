"""The policy document on record: kept under its digest, and a change of it is an event (design 1.1, 1.5)."""

import asyncio

from shared.events import Envelope, PolicyChanged, canonical, derive_id
from shared.policies import PolicyDocument
from shared.ports import Clock, EventPublisher, Evidence, Moved, PolicyBook, PolicyOnRecord


class PolicyRecord:
    """`keep` comes before any decision, so that every digest in the ledger can be looked up. `by`: who deployed it."""

    def __init__(
        self, policy: PolicyDocument, evidence: Evidence, book: PolicyBook, publisher: EventPublisher, clock: Clock,
        by: str,
    ) -> None:  # fmt: skip
        self._policy, self._evidence, self._book = policy, evidence, book
        self._publisher, self._clock, self._by = publisher, clock, by
        self._kept, self._turn = False, asyncio.Lock()

    async def keep(self) -> None:
        """Once in the life of a process; raises `Unavailable`, and is then tried again."""
        if self._kept:
            return
        async with self._turn:
            while not self._kept:
                self._kept = await self._try()

    async def _try(self) -> bool:
        digest = await self._evidence.keep(canonical(self._policy.model_dump(mode="json")))
        last = await self._book.last()
        if last and last.digest == digest:
            return True
        change = PolicyOnRecord(digest, last.number + 1 if last else 1)
        await self._announce(last, change)
        try:
            await self._book.put(change)
        except Moved:
            return False  # another instance was faster: with the same document, or with one that is now before ours
        return True

    async def _announce(self, last: PolicyOnRecord | None, change: PolicyOnRecord) -> None:
        """Before it is on record: a process that dies in between says it again, under the same id."""
        changed = PolicyChanged(before=last.digest if last else None, after=change.digest, by=self._by)
        identity = derive_id("policy-changed", str(change.number), change.digest)
        envelope = Envelope.first(changed, id=identity, source="/sluice/policy", time=self._clock.now())
        await self._publisher.publish("events", [envelope])
