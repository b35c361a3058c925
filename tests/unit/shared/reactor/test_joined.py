"""Many who ask at once share a read, and none is told what was read before it asked."""

import asyncio

import pytest

from shared.reactor.joined import Joined


class Slow:
    """A value that a read sees as it begins, and tells when it is let go."""

    def __init__(self) -> None:
        self.value, self.reads = 0, 0
        self.gates: list[asyncio.Event] = []

    async def read(self) -> int:
        seen, gate = self.value, asyncio.Event()
        self.reads += 1
        self.gates.append(gate)
        await gate.wait()
        return seen


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_asks_while_a_read_is_under_way_gets_the_next() -> None:
    slow = Slow()
    joined = Joined(slow.read)
    first = asyncio.create_task(joined())
    await turns()
    slow.value = 1
    later = [asyncio.create_task(joined()) for _ in range(15)]
    await turns()
    assert slow.reads == 1
    slow.gates[0].set()
    await turns()
    slow.gates[1].set()
    assert await first == 0
    assert await asyncio.gather(*later) == [1] * 15
    assert slow.reads == 2


async def test_what_a_read_raises_is_raised_to_all_and_the_next_is_tried() -> None:
    outcomes: list[int | Exception] = [OSError("down"), 7]

    async def read() -> int:
        await asyncio.sleep(0)
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    joined = Joined(read)
    asked = await asyncio.gather(joined(), joined(), return_exceptions=True)
    assert [type(each) for each in asked] == [OSError, OSError]
    assert await joined() == 7


async def test_who_gives_up_ends_it_for_nobody_else() -> None:
    slow = Slow()
    joined = Joined(slow.read)
    patient = asyncio.create_task(joined())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await joined()
    await turns()
    slow.gates[0].set()
    assert await patient == 0
