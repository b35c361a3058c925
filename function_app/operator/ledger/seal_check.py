"""The seals, checked in themselves and against each other, and the ledger against them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from function_app.operator.ledger.chain_check import Problem
from function_app.operator.ledger.reading import Chain
from shared.ports.records.seals import Seals
from shared.reactor.sealing import BrokenSeal, Seal, read_seal, seal_digest

type ChainName = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What a seal says of a chain: its entry number `length`, counted from one, has this hash."""

    length: int
    hash: str
    minute: datetime = field(compare=False)


@dataclass(slots=True)
class Sealed:
    """`claims` of all good seals by chain; `broken` says of every other seal what is wrong with it."""

    count: int = 0
    last: datetime | None = None
    claims: dict[ChainName, set[Claim]] = field(default_factory=lambda: defaultdict(set))
    broken: list[str] = field(default_factory=list)


async def read_seals(seals: Seals) -> Sealed:
    """Raises `Unavailable`."""
    found, previous = Sealed(), None
    async for kept in seals.all():
        found.count += 1
        try:
            seal = read_seal(kept)
            if seal.previous != previous:
                found.broken.append(f"{stamp(kept.minute)}: the seal before it was changed or is missing")
            _add(found, seal)
        except BrokenSeal as error:
            found.broken.append(f"{stamp(kept.minute)}: {error}")
        previous = seal_digest(kept)
    return found


def _add(found: Sealed, seal: Seal) -> None:
    """The earliest seal that makes a claim is kept: a set does not take an equal one again."""
    found.last = seal.minute
    for head in seal.heads:
        found.claims[head.service, head.entity].add(Claim(head.length, head.hash, seal.minute))


def check_claims(name: ChainName, chain: Chain | None, claims: Mapping[ChainName, set[Claim]]) -> Problem | None:
    """The first claim that this chain does not keep; `chain` is None when it is gone altogether."""
    entries = chain.entries if chain else ()
    good = 0
    for claim in sorted(claims.get(name, ())):
        sealed = f"the seal of {stamp(claim.minute)} knows {claim.length} entries"
        if claim.length > len(entries):
            what = (
                f"{sealed}, {len(entries)} are here: the end was cut off" if chain else f"{sealed}, the chain is gone"
            )
            return Problem(*name, len(entries), "", what)
        entry = entries[claim.length - 1].entry
        if entry.hash != claim.hash:
            where = f"between position {good} and this one" if good < claim.length - 1 else "here"
            return Problem(*name, claim.length - 1, entry.event_id, f"{sealed} with another hash: rewritten {where}")
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
