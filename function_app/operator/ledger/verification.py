"""Is the ledger what was written? Every chain in itself, and all of them against the seals."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from function_app.operator.ledger.chain_check import Problem, check_chain
from function_app.operator.ledger.reading import Chain, Chains, all_heads, read_chain
from function_app.operator.ledger.seal_check import (
    ChainName,
    Sealed,
    check_claims,
    earlier,
    read_seals,
    stamp,
    unsealed,
)
from shared.events import Entity
from shared.policies import Retention
from shared.ports import Archive, Head
from shared.ports.records.seals import Seals

_CHAINS_AT_ONCE = 8
# Control seals each minute what grew.
_LATE = timedelta(minutes=10)
# A chain that grows while it is read looks broken once; one that was altered looks broken every time.
_LOOKS = 3


@dataclass(slots=True)
class Verdict:
    """`unsealed` counts the entries that no seal covers yet, `since` is when the first of them was decided.

    Of the `entries`, so many are `archived`; those that are `gone` outlived the archive and are not among them.
    """

    chains: int = 0
    entries: int = 0
    archived: int = 0
    gone: int = 0
    unsealed: int = 0
    seals: int = 0
    last_seal: datetime | None = None
    since: datetime | None = None
    problems: list[Problem] = field(default_factory=list)
    broken_seals: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems and not self.broken_seals

    @property
    def hidden(self) -> str:
        """What this check cannot see, whatever it says."""
        if self.last_seal is None:
            return (
                "There is no seal yet: whoever may write the ledger's table could cut entries from the end of a chain, "
                "rewrite or remove a whole chain, or what became of its effects, without a trace."
            )
        return (
            f"The last seal is of {stamp(self.last_seal)}; {self.unsealed} of {self.entries} entries came after it. "
            "Those could be cut off or rewritten without a trace by whoever may write the ledger's table, and so could "
            "what became of effects that were not settled then. Leases, and what waits, are in no hash at all."
        )


async def verify(ledger: Chains, seals: Seals, archive: Archive, lives: Retention | None = None) -> Verdict:
    """Every chain, archived entries included, to its first bad entry.

    Seals are read first, so the ledger can only be ahead of them. `lives` are the policy's: what is over is missed by
    nobody. Raises `Unavailable`.
    """
    sealed, lives = await read_seals(seals), lives or Retention()
    over = sealed.now - timedelta(days=lives.ledger_days + lives.archive_days)
    verdict = Verdict(seals=sealed.count, last_seal=sealed.last, broken_seals=sealed.broken)
    found, stopped = await all_heads(ledger)
    if stopped:
        what = f"after {len(found)} chains a head cannot be read, so that what follows is not checked: {stopped}"
        verdict.problems.append(Problem("", "", 0, "", what))
    several = asyncio.Semaphore(_CHAINS_AT_ONCE)

    async def one(service: str, entity: Entity, head: Head) -> tuple[Chain, Problem | None]:
        async with several:
            return await _check(ledger, archive, service, entity, head, sealed, over)

    checked = await asyncio.gather(*(one(*each) for each in found))
    for chain, problem in checked:
        _note(verdict, chain, problem, sealed)
    names: set[ChainName] = {(service, str(entity)) for service, entity, _ in found}
    for service, entity in sorted(sealed.claims.keys() - names) if not stopped else ():
        gone = check_claims((service, entity), None, sealed.claims)
        verdict.problems += [gone] if gone else []
    _say_when_late(verdict, sealed)
    return verdict


def _note(verdict: Verdict, chain: Chain, problem: Problem | None, sealed: Sealed) -> None:
    late = min(unsealed((chain.service, str(chain.entity)), chain.length, sealed.claims), len(chain.entries))
    verdict.chains += 1 if chain.length else 0
    verdict.entries += len(chain.entries)
    verdict.gone += chain.first
    verdict.archived += min(chain.archived, chain.length) - chain.first
    verdict.unsealed += late
    if late:
        first = chain.entries[len(chain.entries) - late].entry.decided_at
        verdict.since = min(first, verdict.since or first)
    if problem:
        verdict.problems.append(problem)


def _say_when_late(verdict: Verdict, sealed: Sealed) -> None:
    if sealed.count and verdict.since and sealed.now - verdict.since > _LATE:
        what = f"{verdict.unsealed} entries, the first of {stamp(verdict.since)}, are not sealed: sealing stands still"
        verdict.broken_seals.append(what)


async def _check(
    ledger: Chains, archive: Archive, service: str, entity: Entity, head: Head, sealed: Sealed, over: datetime
) -> tuple[Chain, Problem | None]:
    chain, problem = Chain(service, entity), None
    for look in range(_LOOKS):
        chain = await read_chain(ledger, service, entity, archive)
        present = await ledger.head(service, entity) if look else head
        in_itself = check_chain(chain, present)
        problem = earlier(in_itself, check_claims((service, str(entity)), chain, sealed.claims, over))
        if problem is None:
            break
    return chain, problem
