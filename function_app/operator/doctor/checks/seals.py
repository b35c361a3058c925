"""Is the ledger sealed: does a decision wait for its seal longer than a few minutes?"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok
from function_app.operator.doctor.patient import Patient
from function_app.operator.ledger.reading import all_heads
from function_app.operator.ledger.seal_check import stamp
from function_app.operator.moments import age
from shared.events import Entity
from shared.ports import Head, Refused
from shared.ports.records.seals import KeptSeal, Latest
from shared.reactor.sealing import BrokenSeal, ChainName, read_list, read_seal

_LATE = timedelta(minutes=10)
_VERIFY = "sluice ledger verify says which; then control's log, whose timer seals each minute"
type _Unsealed = tuple[str, Entity, Head]


async def look(patient: Patient) -> Sequence[Finding]:
    heads, stopped = await all_heads(patient.ledger)
    latest = await patient.seals.latest()
    try:
        sealed = await _sealed(patient, latest.seal) if latest.seal else {}
    except (BrokenSeal, Refused) as error:
        return [broken(f"the last seal cannot be read: {error}", "sluice ledger verify")]
    found = [
        broken(f"there is a seal of a time to come, {stamp(each)}", "sluice ledger verify") for each in latest.future
    ]
    found += [broken(f"a head of the ledger cannot be read: {stopped}", "sluice ledger verify")] if stopped else []
    late = [each for each in heads if each[2].length > sealed.get((each[0], str(each[1])), 0)]
    return [*found, *await _late(patient, late, latest.now)] or [ok(_well(latest, len(heads)))]


def _well(latest: Latest, chains: int) -> str:
    last = f"the last seal is {age(latest.seal.minute, latest.now)} old" if latest.seal else "there is no seal yet"
    return f"{last}; {chains} chains, none waits for its seal longer than {_LATE.seconds // 60} min"


async def _sealed(patient: Patient, last: KeptSeal) -> dict[ChainName, int]:
    """How long each chain was when it was sealed: the day's list, and what was sealed since."""
    full = read_seal(last).full
    listed = read_list(await patient.seals.read_list(full.digest))
    lengths = {name: head.length for name, head in listed.items()}
    async for kept in patient.seals.all(full.minute):
        lengths |= {(head.service, head.entity): head.length for head in read_seal(kept).heads}
    return lengths


async def _late(patient: Patient, unsealed: Sequence[_Unsealed], now: datetime) -> list[Finding]:
    """By the last decision of each: the first one that waits is older still."""
    ends = [(service, entity, head.last) for service, entity, head in unsealed if head.last]
    found = await asyncio.gather(*(patient.ledger.find(*end) for end in ends))
    decided = [progress.entry.decided_at for progress in found if progress]
    late = sorted(each for each in decided if now - each > _LATE)
    return [broken(f"{len(late)} chains wait for their seal, one since {age(late[0], now)}", _VERIFY)] if late else []


check = Check("seals", "the last seal over the ledger, and how long what was decided since has waited", look)
