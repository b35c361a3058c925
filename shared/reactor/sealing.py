"""Minute seals: one digest over the ends of the chains that grew, kept where nobody can change it.

Whoever may write the ledger's table can rewrite a chain and all its hashes. What a seal covers they cannot rewrite
unseen. What was decided after the last seal is covered by nothing yet. A seal holds what changed, names the seal before
it, and points at the list of all chains that the first seal of its day made: so size and work go by what changed.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.events import Digest, Entity, canonical
from shared.ports import Ledger, Refused
from shared.ports.records.grown import End, Grown
from shared.ports.records.seals import KeptSeal, Latest, Seals

log = logging.getLogger("sluice.seals")
type ChainName = tuple[str, str]


class SealedHead(BaseModel):
    """The end of one chain: what follows its entry number `length`, counted from one, must name `hash`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    entity: str
    length: int = Field(ge=1)
    hash: str


class FullList(BaseModel):
    """Where the list of all chains lies, by its digest: as of the seal of `minute` that made it, `root` over it all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minute: datetime
    digest: Digest
    root: Digest
    chains: int


class Seal(BaseModel):
    """`heads` of what grew since the seal before, in the order of service and entity; `root` is over these.

    `previous` is the SHA-256 (hex) of the seal before, byte for byte.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minute: datetime
    heads: tuple[SealedHead, ...]
    root: Digest
    full: FullList
    previous: Digest | None = None

    def body(self) -> bytes:
        return canonical(self.model_dump(mode="json"))


class BrokenSeal(ValueError):
    """These bytes are not what was sealed; the message says what does not hold."""


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree hash of RFC 9162 section 2.1.1: leaves and nodes have different prefixes, so neither passes for both.

    Level by level: a node without a neighbour goes up as it is, which gives the same tree as halving does.
    """
    if not leaves:
        return hashlib.sha256().digest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = range(0, len(level) - 1, 2)
        lone = level[-1:] if len(level) % 2 else []
        level = [hashlib.sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in pairs] + lone
    return level[0]


def root_of(heads: Iterable[SealedHead]) -> str:
    """Hex; the heads in any order."""
    return merkle_root([_line(head) for head in ordered(heads)]).hex()


def ordered(heads: Iterable[SealedHead]) -> list[SealedHead]:
    return sorted(heads, key=lambda head: (head.service, head.entity))


def _line(head: SealedHead) -> bytes:
    return canonical([head.service, head.entity, head.length, head.hash])


def write_list(heads: Iterable[SealedHead]) -> bytes:
    """A line for each chain."""
    return b"\n".join(_line(head) for head in ordered(heads))


def read_list(body: bytes) -> dict[ChainName, SealedHead]:
    """Raises `BrokenSeal`."""
    try:
        rows = [json.loads(line) for line in body.splitlines()]
        heads = [SealedHead(service=row[0], entity=row[1], length=row[2], hash=row[3]) for row in rows]
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise BrokenSeal(f"its list of all chains is unreadable: {error}") from error
    return {(head.service, head.entity): head for head in heads}


def read_seal(kept: KeptSeal) -> Seal:
    """Checked in itself, not against the ledger; raises `BrokenSeal`."""
    try:
        seal = Seal.model_validate_json(kept.body)
    except ValidationError as error:
        raise BrokenSeal(f"unreadable: {error.errors()[0]['msg']}") from error
    if seal.minute != kept.minute:
        raise BrokenSeal(f"says that it is of {seal.minute.isoformat()}")
    if root_of(seal.heads) != seal.root:
        raise BrokenSeal("its root is not that of its heads")
    return seal


def seal_digest(kept: KeptSeal) -> str:
    return hashlib.sha256(kept.body).hexdigest()


async def seal(ledger: Ledger, grown: Grown, seals: Seals) -> Seal | None:
    """Seal what grew since the last seal; None where nothing did. Raises `Unavailable`.

    The store's clock says which minute it is. A seal of a time to come is not ours: it is said, and not built upon.
    What is kept is read back and compared. What was sealed is forgotten last, so that a crash seals it once more.
    """
    ends = await grown.read()
    if not ends:
        return None
    latest = await seals.latest()
    for moment in latest.future:
        log.error("there is a seal of a time to come, %s, which control did not write", moment.isoformat())
    heads = _latest(ends)
    minute, last = latest.now.replace(second=0, microsecond=0), _readable(latest)
    full = last.full if last and last.full.minute.date() == minute.date() else None
    if full is None:
        full = await _list_all(ledger, seals, minute, last, heads)
    new = Seal(minute=minute, heads=tuple(heads), root=root_of(heads), full=full, previous=_digest(latest))
    kept = await seals.keep(minute, new.body())
    await grown.forget(ends)
    # A log is kept elsewhere, under other rights: one more place that a seal cannot be taken back from.
    log.info("sealed %d chains at %s: %s", len(heads), minute.isoformat(), seal_digest(kept))
    return new


def _latest(ends: Iterable[End]) -> list[SealedHead]:
    """The latest end of each chain."""
    last: dict[tuple[str, Entity], End] = {}
    for end in sorted(ends, key=lambda end: (end.length, end.settled)):
        last[end.service, end.entity] = end
    return ordered(
        SealedHead(service=end.service, entity=str(end.entity), length=end.length, hash=end.hash)
        for end in last.values()
    )


def update(known: dict[ChainName, SealedHead], heads: Iterable[SealedHead]) -> None:
    """What a seal adds to what is known: an end noted late may be behind one that was sealed before."""
    for head in heads:
        before = known.get((head.service, head.entity))
        if before is None or before.length <= head.length:
            known[head.service, head.entity] = head


def _digest(latest: Latest) -> str | None:
    return seal_digest(latest.seal) if latest.seal else None


def _readable(latest: Latest) -> Seal | None:
    if latest.seal is None:
        return None
    try:
        return read_seal(latest.seal)
    except BrokenSeal as error:
        log.error("the seal of %s is broken, and sealed over: %s", latest.seal.minute.isoformat(), error)
        return None


async def _list_all(
    ledger: Ledger, seals: Seals, minute: datetime, last: Seal | None, heads: Sequence[SealedHead]
) -> FullList:
    """A list of all chains, once a day: the last one and what was sealed since, or for want of it the whole ledger."""
    known: dict[ChainName, SealedHead] | None = await _sealed_before(seals, last) if last else None
    if known is None:
        known = await _whole(ledger)
    update(known, heads)
    digest = await seals.keep_list(write_list(known.values()))
    return FullList(minute=minute, digest=digest, root=root_of(known.values()), chains=len(known))


async def _whole(ledger: Ledger) -> dict[ChainName, SealedHead]:
    """Of every chain whose head can be read: one that was spoilt does not keep the others from being sealed."""
    known: dict[ChainName, SealedHead] = {}
    try:
        async for service, entity, head in ledger.chains():
            end = SealedHead(service=service, entity=str(entity), length=head.length, hash=head.hash)
            known[service, str(entity)] = end
    except Refused as error:
        log.error("not all chains are in the list of all: %s", error)
    return known


async def _sealed_before(seals: Seals, last: Seal) -> dict[ChainName, SealedHead] | None:
    """None where any of it cannot be read."""
    try:
        known = read_list(await seals.read_list(last.full.digest))
        async for kept in seals.all(last.full.minute):
            if kept.minute <= last.minute:
                update(known, read_seal(kept).heads)
    except (BrokenSeal, Refused) as error:
        log.error("what was sealed cannot be read, so that the whole ledger is: %s", error)
        return None
    return known
