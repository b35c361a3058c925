"""Chains as they lie in ledger and archive, also when one of them cannot be read to its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from shared.events import Entity
from shared.ports import Archive, Head, Progress, Refused, Unavailable
from shared.reactor.archive_pieces import archived

_CHAINS_AT_ONCE = 8


class Chains(Protocol):
    """The part of the ledger that is read here."""

    async def head(self, service: str, entity: Entity) -> Head: ...

    def chains(self) -> AsyncIterator[tuple[str, Entity, Head]]: ...

    def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]: ...


@dataclass(frozen=True, slots=True)
class Chain:
    """`unreadable` says why reading stopped behind the last of `entries`; empty when it did not.

    So many were `archived`. `first` is the position of the first of `entries`: those before it were archived, and are
    not asked for or gone since.
    """

    service: str
    entity: Entity
    entries: Sequence[Progress] = field(default=())
    unreadable: str = ""
    first: int = 0
    archived: int = 0

    @property
    def length(self) -> int:
        return self.first + len(self.entries)


async def read_chain(ledger: Chains, service: str, entity: Entity, archive: Archive | None = None) -> Chain:
    """With what was archived of it, where an archive is given.

    Raises `Unavailable`; whatever else reading raises is a finding, for rows and pieces may have been altered.
    """
    entries: list[Progress] = []
    try:
        async for progress in ledger.entries(service, entity):
            _check_shape(progress)
            entries.append(progress)
        return await _with_archived(ledger, Chain(service, entity, entries), archive)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - altered bytes can fail in any way; the reason is reported
        return Chain(service, entity, entries, f"{type(error).__name__}: {error}")


async def _with_archived(ledger: Chains, chain: Chain, archive: Archive | None) -> Chain:
    """Read after the rows: what left them meanwhile is in both, and nothing in neither."""
    if chain.entries and chain.entries[0].entry.position == 0:
        return chain
    head = await ledger.head(chain.service, chain.entity)
    if not head.archived:
        return chain
    older: list[Progress] = []
    if archive and head.piece:
        older = [_checked(each) for each in await archived(archive, head.piece, head.archived)]
    first = older[0].entry.position if older else head.archived
    newer = [each for each in chain.entries if each.entry.position >= head.archived]
    return replace(chain, entries=[*older, *newer], first=first, archived=head.archived)


def _checked(progress: Progress) -> Progress:
    _check_shape(progress)
    return progress


def _check_shape(progress: Progress) -> None:
    """So that nobody after this has to doubt it; raises `TypeError`."""
    entry = progress.entry
    if not isinstance(entry.event, Mapping) or not isinstance(entry.facts, Mapping):
        raise TypeError(f"event and facts of {entry.event_id} are not both objects")
    if not isinstance(entry.effects, Sequence) or not all(isinstance(effect, Mapping) for effect in entry.effects):
        raise TypeError(f"effects of {entry.event_id} are no list of objects")


async def all_heads(ledger: Chains) -> tuple[list[tuple[str, Entity, Head]], str]:
    """All chains by their heads, and why listing them stopped ("" when it did not). Raises `Unavailable`."""
    found: list[tuple[str, Entity, Head]] = []
    try:
        async for each in ledger.chains():
            found.append(each)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        return found, f"{type(error).__name__}: {error}"
    return found, ""


async def read_chains(
    ledger: Chains, wanted: Callable[[str, Entity], bool] = lambda *_: True, archive: Archive | None = None
) -> list[Chain]:
    """All wanted chains, a few at once, with what was archived where an archive is given. Raises `Unavailable`."""
    several = asyncio.Semaphore(_CHAINS_AT_ONCE)

    async def one(service: str, entity: Entity) -> Chain:
        async with several:
            return await read_chain(ledger, service, entity, archive)

    heads, broken = await all_heads(ledger)
    if broken:
        raise Refused(f"after {len(heads)} chains, a head cannot be read ({broken}); see `sluice ledger verify`")
    return await asyncio.gather(*(one(service, entity) for service, entity, _ in heads if wanted(service, entity)))
