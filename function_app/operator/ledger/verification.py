"""Is the ledger what was written? Every chain in itself, and all of them against the seals."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from function_app.operator.ledger.chain_check import Problem, check_chain
from function_app.operator.ledger.reading import Chains, all_heads, read_chain
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
from shared.ports import Head
from shared.ports.records.seals import Seals

_CHAINS_AT_ONCE = 8
# A chain that grows while it is read looks broken once; one that was altered looks broken every time.
_LOOKS = 3


@dataclass(slots=True)
class Verdict:
    """`unsealed` counts the entries that no seal covers yet."""

    chains: int = 0
    entries: int = 0
    unsealed: int = 0
    seals: int = 0
    last_seal: datetime | None = None
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
                "or rewrite or remove a whole chain, without a trace."
            )
        return (
            f"The last seal is of {stamp(self.last_seal)}; {self.unsealed} of {self.entries} entries came after it. "
            "Those alone could be cut off or rewritten without a trace by whoever may write the ledger's table."
        )


async def verify(ledger: Chains, seals: Seals) -> Verdict:
    """Every chain to its first bad entry. Seals are read first, so the ledger can only be ahead of them.

    Raises `Unavailable`.
    """
    sealed = await read_seals(seals)
    verdict = Verdict(seals=sealed.count, last_seal=sealed.last, broken_seals=sealed.broken)
    found, stopped = await all_heads(ledger)
    if stopped:
        what = f"after {len(found)} chains a head cannot be read, so that what follows is not checked: {stopped}"
        verdict.problems.append(Problem("", "", 0, "", what))
    several = asyncio.Semaphore(_CHAINS_AT_ONCE)

    async def one(service: str, entity: Entity, head: Head) -> tuple[int, Problem | None]:
        async with several:
            return await _check(ledger, service, entity, head, sealed)

    checked = await asyncio.gather(*(one(*each) for each in found))
    names: list[ChainName] = [(service, str(entity)) for service, entity, _ in found]
    for name, (length, problem) in zip(names, checked, strict=True):
        _note(verdict, name, length, problem, sealed)
    for name in sorted(sealed.claims.keys() - set(names)) if not stopped else ():
        _note(verdict, name, 0, check_claims(name, None, sealed.claims), sealed)
    return verdict


def _note(verdict: Verdict, name: ChainName, length: int, problem: Problem | None, sealed: Sealed) -> None:
    verdict.chains += 1 if length else 0
    verdict.entries += length
    verdict.unsealed += unsealed(name, length, sealed.claims)
    if problem:
        verdict.problems.append(problem)


async def _check(
    ledger: Chains, service: str, entity: Entity, head: Head, sealed: Sealed
) -> tuple[int, Problem | None]:
    length, problem = 0, None
    for look in range(_LOOKS):
        chain = await read_chain(ledger, service, entity)
        present = await ledger.head(service, entity) if look else head
        length = len(chain.entries)
        in_itself = check_chain(chain, present)
        problem = earlier(in_itself, check_claims((service, str(entity)), chain, sealed.claims))
        if problem is None:
            break
    return length, problem
