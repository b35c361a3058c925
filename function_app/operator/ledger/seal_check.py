"""The seals, checked in themselves and against each other, and the ledger against them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from function_app.operator.ledger.chain_check import Problem, ends
from function_app.operator.ledger.reading import Chain
from shared.policies.retention import IMMUTABLE_DAYS
from shared.ports import Refused
from shared.ports.records.seals import Seals
from shared.reactor.sealing import BrokenSeal, Seal, SealedHead, read_list, read_seal, root_of, seal_digest, update

type ChainName = tuple[str, str]
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What a seal says of a chain: its entry number `length`, counted from one, has this hash."""

    length: int
    hash: str
    minute: datetime = field(compare=False)


@dataclass(slots=True)
class Sealed:
    """`claims` of all good seals by chain; `broken` says of every other seal what is wrong with it.

    `now` is the store's clock.
    """

    now: datetime
    count: int = 0
    last: datetime | None = None
    claims: dict[ChainName, set[Claim]] = field(default_factory=lambda: defaultdict(set))
    broken: list[str] = field(default_factory=list)


async def read_seals(seals: Seals) -> Sealed:
    """The first ones may be gone: where the one after them is past the time in which none can be deleted.

    Raises `Unavailable`.
    """
    found, previous, replayed = Sealed((await seals.latest()).now), None, _Replay(seals)
    deletable = found.now - timedelta(days=IMMUTABLE_DAYS)
    async for kept in seals.all():
        found.count += 1
        if kept.minute > found.now:
            found.broken.append(f"{stamp(kept.minute)}: it is of a time to come: nobody can have sealed that")
            continue
        try:
            seal = read_seal(kept)
            if seal.previous != previous and (previous or seal.minute > deletable):
                found.broken.append(f"{stamp(kept.minute)}: the seal before it was changed or is missing")
            _add(found, seal.minute, seal.heads)
            _add(found, seal.minute, await replayed.listed(seal))
        except BrokenSeal as error:
            found.broken.append(f"{stamp(kept.minute)}: {error}")
        previous = seal_digest(kept)
    return found


class _Replay:
    """All chains as the seals say, one after the other; a list of all chains must say the same."""

    def __init__(self, seals: Seals) -> None:
        self._seals, self._known, self._full = seals, dict[ChainName, SealedHead](), ""

    async def listed(self, seal: Seal) -> Iterable[SealedHead]:
        """What is in a list that this seal made, and in no seal; raises `BrokenSeal`."""
        update(self._known, seal.heads)
        if seal.full.digest == self._full:
            return ()
        first, self._full = not self._full, seal.full.digest
        if first and seal.full.minute < seal.minute:
            # The seals before it that day are gone.
            self._known = {}
        try:
            heads = read_list(await self._seals.read_list(seal.full.digest))
        except Refused as error:
            raise BrokenSeal(f"its list of all chains: {error}") from error
        if (root_of(heads.values()), len(heads)) != (seal.full.root, seal.full.chains):
            raise BrokenSeal("the root of its list of all chains is not what it says")
        unknown = heads.keys() - self._known.keys()
        if any(heads.get(name) != head for name, head in self._known.items()) or (unknown and not first):
            raise BrokenSeal("its list of all chains is not what the seals before it say")
        self._known = dict(heads)
        update(self._known, seal.heads)
        return heads.values()


def _add(found: Sealed, minute: datetime, heads: Iterable[SealedHead]) -> None:
    """The earliest seal that makes a claim is kept: a set does not take an equal one again."""
    found.last = minute
    for head in heads:
        found.claims[head.service, head.entity].add(Claim(head.length, head.hash, minute))


def check_claims(
    name: ChainName, chain: Chain | None, claims: Mapping[ChainName, set[Claim]], over: datetime = _NEVER
) -> Problem | None:
    """The first claim that this chain does not keep; `chain` is None when it is gone altogether.

    What was sealed before `over` may have left the archive.
    """
    entries, first = (chain.entries, chain.first) if chain else ((), 0)
    good = 0
    for claim in sorted(claims.get(name, ())):
        sealed = f"the seal of {stamp(claim.minute)} knows {claim.length} entries"
        if claim.length <= first:
            if claim.minute >= over:
                return Problem(
                    *name, claim.length - 1, "", f"{sealed}; they are not in the archive, though of its time"
                )
            continue
        if claim.length > first + len(entries):
            here = f"{first + len(entries)} are here: the end was cut off"
            return Problem(*name, first + len(entries), "", f"{sealed}, {here if chain else 'the chain is gone'}")
        progress = entries[claim.length - 1 - first]
        if claim.hash not in ends(progress):
            where = f"between position {good} and this one" if good < claim.length - 1 else "here"
            event_id = progress.entry.event_id
            return Problem(*name, claim.length - 1, event_id, f"{sealed} with another hash: rewritten {where}")
        good = claim.length
    return None


def unsealed(name: ChainName, length: int, claims: Mapping[ChainName, set[Claim]]) -> int:
    """How many entries of this chain no seal covers yet."""
    covered = max((claim.length for claim in claims.get(name, ())), default=0)
    return max(length - covered, 0)


def earlier(*problems: Problem | None) -> Problem | None:
    """The one that comes first in the chain."""
    found: Sequence[Problem] = [problem for problem in problems if problem]
    return min(found, key=lambda problem: problem.position, default=None)


def stamp(minute: datetime) -> str:
    return f"{minute:%Y-%m-%d %H:%M} UTC"
