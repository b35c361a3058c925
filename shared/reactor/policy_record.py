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
        """What is on record is said again by every process, in the same words: one may have died before it said so."""
        digest = await self._evidence.keep(canonical(self._policy.model_dump(mode="json")))
        on_record = await self._book.last()
        if on_record is None or on_record.digest != digest:
            on_record = self._after(on_record, digest)
            try:
                await self._book.put(on_record)
            except Moved:
                return False  # another instance was faster: with the same document, or with one that is before ours now
        await self._publisher.publish("events", [announced(on_record)])
        return True

    def _after(self, last: PolicyOnRecord | None, digest: str) -> PolicyOnRecord:
        number, before = (last.number + 1, last.digest) if last else (1, None)
        return PolicyOnRecord(digest, number, self._clock.now(), before, self._by)


def announced(policy: PolicyOnRecord) -> Envelope[PolicyChanged]:
    return Envelope.first(
        PolicyChanged(before=policy.before, after=policy.digest, by=policy.by),
        id=derive_id("policy-changed", str(policy.number), policy.digest),
        source="/sluice/policy",
        time=policy.at,
    )
