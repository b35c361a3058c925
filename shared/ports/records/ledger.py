"""What was decided, in which order, and what became of it: the audit log, the claim and the state in one place.

A chain is one (service, entity). Its head carries the service's state for that entity and the hash of the last entry.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from shared.events import Entity

type Outcome = Literal["performed", "refused", "superseded", "skipped"]


@dataclass(frozen=True, slots=True)
class Head:
    """The present end of a chain. `version` is the compare-and-swap token, None before the first entry.

    `hash` is what the next entry follows: the last entry's, or its link once its effects are settled. `last` is the
    event of the last entry, `open` the same while that is not settled; `waiting` counts events queued behind something
    pending. Of the `length` entries the first `archived` have left the ledger: `piece` is the digest of the archive's
    newest piece of this chain.
    """

    state: Mapping[str, Any] | None
    hash: str
    length: int
    version: str | None
    waiting: int = 0
    last: str | None = None
    open: str | None = None
    archived: int = 0
    piece: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision. All but `hash` is what the hash covers.

    `event` is the whole CloudEvents object, `facts` what was known, `policy` the digest of the policy document,
    `effects` a list of {"kind", "version", "data"}, `state` the new state.
    """

    service: str
    entity: Entity
    event_id: str
    position: int
    decided_at: datetime
    event: Mapping[str, Any]
    facts: Mapping[str, Any]
    policy: str
    state: Mapping[str, Any] | None
    effects: Sequence[Mapping[str, Any]]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Lease:
    """`lasts` counts from the moment at which the store wrote it, by the store's clock: no other clock is asked."""

    owner: str
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Mark:
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the effects of an entry have come. `marks` by index of the effect.

    `version` is the compare-and-swap token of all this, `left` how long the lease lived on when it was read. `head` is
    the chain's end as this left it, where whoever wrote it knows that nobody else has changed it since.
    """

    entry: Entry
    marks: Mapping[int, Mark]
    settled: bool
    lease: Lease | None
    version: str = ""
    left: timedelta = timedelta()
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that could not be decided, or whose effects could not be performed yet.

    `since` is when it began to wait, `due` when to try next; `event` the whole CloudEvents object, empty where its body
    is gone for ever.
    """

    service: str
    entity: Entity
    event_id: str
    event: Mapping[str, Any]
    since: datetime
    due: datetime
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The first entries of a chain, settled all of them, which are in the archive's `piece`.

    `left` is when the one behind them was decided, None where there is none.
    """

    service: str
    entity: Entity
    entries: Sequence[Progress]
    piece: str
    left: datetime | None


class Ledger(Protocol):
    """Atomic by chain: `record` either writes entry, state and lease, or nothing. All methods raise `Unavailable`.

    What became of effects is written under the lease: whoever lost it writes nothing more, and the first mark stays.
    """

    async def head(self, service: str, entity: Entity) -> Head: ...

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None: ...

    async def record(self, entry: Entry, head: Head, lease: Lease | None) -> Progress:
        """Append `entry` to the chain that ends in `head`; raises `Moved` if it moved, is gone, or the entry exists.

        Without a lease there is nothing left to do about it: it is settled.
        """
        ...

    async def lease(self, progress: Progress, lease: Lease) -> Progress | None:
        """Take or renew the lease; None when somebody else's lived on as this was read, or anything came since."""
        ...

    async def mark(self, progress: Progress, marks: Mapping[int, Mark], lease: Lease) -> Progress:
        """Note what became of effects, and renew the lease; raises `Moved` when it is not as in `progress` any more."""
        ...

    async def settle(self, progress: Progress, marks: Mapping[int, Mark], link: str) -> Progress:
        """The last marks, and what the next entry follows; raises `Moved` as `mark` does."""
        ...

    async def wait(self, waiting: Waiting) -> None:
        """Queue the event behind its chain, or note the next try of one already queued.

        One that arrives again, with no attempt behind it, stays as it is: its patience does not begin anew.
        """
        ...

    async def first_waiting(self, service: str, entity: Entity) -> Waiting | None:
        """The one at the front of this chain's queue: the order in which `wait` first saw them."""
        ...

    async def stop_waiting(self, waiting: Waiting) -> None: ...

    async def due(self, now: datetime, limit: int = 100) -> Sequence[tuple[str, Entity]]:
        """Chains whose front may be tried again at `now`."""
        ...

    async def pending(self, limit: int = 100) -> Sequence[Waiting]:
        """The fronts of all queues, of `limit` chains at most: for those who look on, and changes nothing."""
        ...

    def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]:
        """All that have begun. Raises `Refused` behind the last of them where the head of any cannot be read."""
        ...

    def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        """A chain from its first entry to its last, without what was archived."""
        ...

    async def time(self) -> datetime:
        """By the store's clock, in whole seconds."""
        ...

    def aged(self, before: datetime) -> AsyncIterator[tuple[str, Entity]]:
        """Chains whose first entry here was decided before that, or of which nothing says when it was."""
        ...

    def unfinished(self) -> AsyncIterator[tuple[str, Entity]]:
        """Chains whose last decision is open, or in which something waits: a look at all of them."""
        ...

    async def shorten(self, head: Head, cut: Cut) -> Head:
        """Forget the entries of a cut, in steps: each is taken wholly, and leaves a chain whole with its archive.

        Raises `Moved` when the chain moved on, `Refused` for an entry with more marks than one step takes.
        """
        ...
