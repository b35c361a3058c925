"""What many chains cost: a seal over a hundred thousand of which a hundred grew, and two hundred that wait."""

import asyncio
import time
from datetime import timedelta
from statistics import median

from shared.adapters.clock import SystemClock
from shared.adapters.memory.hubs import MemoryEventPublisher
from shared.adapters.memory.ledger import MemoryLedger
from shared.events import Entity, Envelope, ModelRegistered
from shared.policies import PolicyDocument
from shared.ports import Clock, Unavailable
from shared.reactor import Decision, Facts, Handled, Known, Patience, Reactor, Service, Wiring
from shared.reactor.sealing import FullList, Seal, SealedHead, root_of, seal, write_list
from tests.benchmarks.control.figures import Figure
from tests.benchmarks.control.workload import Control, Counted, service
from tests.support.sample_service import POLICY, WORKSPACE, registered

CHAINS, GREW, WAITING, CALL_S = 100_000, 100, 200, 0.2


async def sealing(control: Control, rounds: int) -> list[Figure]:
    """On real storage: the reads of the heads, the seal's blob and the index are part of it."""
    await _all_chains(control)
    made, cpu, size = service(1), [], 0
    for _ in range(rounds):
        for number in range(GREW):
            await control.reactor.handle(made, control.envelope(f"sealed-{number}"))
        await control.reactor.note_grown()
        before = time.process_time()
        sealed = await seal(control.ledger, control.grown, control.seals)
        cpu.append(time.process_time() - before)
        size = len(sealed.body()) if sealed else 0
    words = f"{CHAINS:,} chains, {GREW} changed"
    return [
        Figure(f"bytes of a seal, {words}", size, 100_000),
        Figure(f"CPU seconds of a seal, {words}", median(cpu), 0.2),
    ]


async def _all_chains(control: Control) -> None:
    """A seal of this minute that names a list of as many chains."""
    await seal(control.ledger, control.grown, control.seals)
    names = (str(Entity.of(WORKSPACE, "model", f"m:{number}")) for number in range(CHAINS))
    heads = [SealedHead(service="bench", entity=name, length=9, hash="0" * 64) for name in names]
    minute = (await control.seals.latest()).now.replace(second=0, microsecond=0)
    digest = await control.seals.keep_list(write_list(heads))
    full = FullList(minute=minute, digest=digest, root=root_of(heads), chains=CHAINS)
    await control.seals.keep(minute, Seal(minute=minute, heads=(), root=root_of(()), full=full).body())


class _Down:
    """A thing outside that does not answer at first, and then takes its time."""

    def __init__(self) -> None:
        self.is_up = False


async def gather(event: ModelRegistered, down: _Down, clock: Clock) -> Known:
    if not down.is_up:
        raise Unavailable("down")
    await asyncio.sleep(CALL_S)
    return Known()


def decide(state: Counted, facts: Facts[Known], event: ModelRegistered, policy: PolicyDocument) -> Decision[Counted]:
    return Decision(Counted(seen=state.seen + 1))


async def sweeping() -> list[Figure]:
    """The ledger in memory: what is measured is who waits for whom."""
    clock, down, ledger = SystemClock(), _Down(), MemoryLedger()
    wiring = Wiring({Clock: clock, _Down: down})
    patience = Patience(longest=timedelta())
    reactor = Reactor(wiring, ledger, MemoryEventPublisher(), clock, POLICY, "bench", patience)
    slow = Service("bench.slow", lane="lifecycle", state=Counted)
    slow.reacts_to(ModelRegistered, gather=gather, decide=decide)
    for number in range(WAITING):
        envelope = Envelope.first(registered(str(number)), id=f"e{number}", source="/bench", time=clock.now())
        if await reactor.handle(slow, envelope) is not Handled.PENDING:
            raise AssertionError("it does not wait")
    down.is_up = True
    started = time.perf_counter()
    await reactor.resume({"slow": slow})
    took = time.perf_counter() - started
    starved = sum([(await ledger.head("slow", registered(str(n)).entity)).length == 0 for n in range(WAITING)])
    return [
        Figure(f"seconds of the sweeper, {WAITING} chains waiting for a call of {CALL_S} s", took, 5),
        Figure("chains of them that were starved", starved, 0),
    ]
