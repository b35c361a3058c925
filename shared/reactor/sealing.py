"""Minute seals: one digest over the ends of all chains, kept where nobody can change it.

Whoever may write the ledger's table can rewrite a chain and all its hashes. What a seal covers they cannot rewrite
unseen. What was decided after the last seal is covered by nothing yet.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.events import Digest, Envelope, LedgerSealed, canonical, derive_id
from shared.ports import Clock, EventPublisher, Ledger
from shared.ports.records.seals import KeptSeal, Seals


class SealedHead(BaseModel):
    """The end of one chain: `hash` is that of its entry number `length`, counted from one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    entity: str
    length: int = Field(ge=1)
    hash: str


class Seal(BaseModel):
    """`heads` in the order of service and entity, `previous` the SHA-256 (hex) of the seal before, byte for byte."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minute: datetime
    heads: tuple[SealedHead, ...]
    root: Digest
    previous: Digest | None = None

    def body(self) -> bytes:
        return canonical(self.model_dump(mode="json"))


class BrokenSeal(ValueError):
    """These bytes are not what was sealed; the message says what does not hold."""


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree hash of RFC 9162 section 2.1.1: leaves and nodes have different prefixes, so neither passes for both."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:half]) + merkle_root(leaves[half:])).digest()


def root_of(heads: Iterable[SealedHead]) -> str:
    """Hex; the heads in any order."""
    ordered = sorted(heads, key=lambda head: (head.service, head.entity))
    return merkle_root([canonical([h.service, h.entity, h.length, h.hash]) for h in ordered]).hex()


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


def announced(seal: Seal) -> Envelope[LedgerSealed]:
    return Envelope.first(
        LedgerSealed(chains=len(seal.heads), root=seal.root),
        id=derive_id("seal", seal.minute.isoformat()),
        source="/sluice/ledger",
        time=seal.minute,
    )


async def seal(ledger: Ledger, publisher: EventPublisher, seals: Seals, clock: Clock) -> Seal | None:
    """Seal what was decided up to now, and say so on hub `events`; None while nothing was ever decided.

    A minute in which no chain grew needs no new seal: the last one still covers everything, and is said again, so that
    one whose announcement was interrupted is not lost. Call it every minute. Raises `Unavailable`.
    """
    last = await seals.last()
    heads = await _heads(ledger)
    if not heads:
        return None
    current = _current(last, heads, clock.now())
    if current is None:
        minute = clock.now().replace(second=0, microsecond=0)
        new = Seal(minute=minute, heads=heads, root=root_of(heads), previous=seal_digest(last) if last else None)
        current = read_seal(await seals.keep(minute, new.body()))
    await publisher.publish("events", [announced(current)])
    return current


async def _heads(ledger: Ledger) -> tuple[SealedHead, ...]:
    found = [
        SealedHead(service=service, entity=str(entity), length=head.length, hash=head.hash)
        async for service, entity, head in ledger.chains()
    ]
    return tuple(sorted(found, key=lambda head: (head.service, head.entity)))


def _current(last: KeptSeal | None, heads: tuple[SealedHead, ...], now: datetime) -> Seal | None:
    """The last seal, if it still covers everything or is of this very minute. A broken one is sealed over."""
    if last is None:
        return None
    try:
        seal = read_seal(last)
    except BrokenSeal:
        return None
    same_minute = seal.minute >= now.replace(second=0, microsecond=0)
    return seal if same_minute or seal.heads == heads else None
