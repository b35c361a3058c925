"""Two chains of a few entries, sealed and checked, for tests of `sluice ledger verify`."""

from datetime import timedelta

from function_app.operator.ledger.verification import Verdict, verify
from shared.adapters.memory import ManualClock, MemoryArchive
from shared.adapters.memory.grown import MemoryGrown
from shared.adapters.memory.seals import MemorySeals
from shared.events import ModelRegistered
from shared.ports.records.grown import End
from shared.reactor.sealing import seal
from tests.support.builders import NOW, envelope, model_ref
from tests.unit.operator.recorded import AlteredLedger, Recorder

ENTRIES = 4
CHAINS = ("drift", "staging")


async def recorded(recorder: Recorder | None = None, first: int = 0, count: int = ENTRIES) -> Recorder:
    """Two chains of `count` entries each."""
    recorder = recorder or Recorder()
    for service in CHAINS:
        for number in range(first, first + count):
            event = envelope(ModelRegistered(model=model_ref()), id=f"{service}-{number}")
            await recorder.decide(service, event, entity=event.data.entity)
    return recorder


async def sealed(recorder: Recorder, seals: MemorySeals, minute: int = 0) -> None:
    """All chains, as if all had grown."""
    seals._clock = ManualClock(NOW + timedelta(minutes=minute))
    grown = MemoryGrown()
    await grown.note([End(name, of, head.length, True, head.hash) async for name, of, head in recorder.ledger.chains()])
    assert await seal(recorder.ledger, grown, seals)


async def fresh() -> AlteredLedger:
    return await AlteredLedger.of((await recorded()).ledger)


async def check(ledger: AlteredLedger, seals: MemorySeals | None = None) -> Verdict:
    return await verify(ledger, seals or MemorySeals(), MemoryArchive())
