"""The clock deletes what is over its life by the policy, and nothing that is not."""

from datetime import timedelta

from shared.events import DeadLettered
from shared.policies import EndpointPolicy, PolicyDocument
from shared.ports import Folds, LetterBook, Place, Position
from shared.reactor.retention import forgetting
from tests.support.builders import INVENTORY
from tests.support.world import World

LETTER = DeadLettered(service="drift", hub="events", partition=0, sequence=1, body="ab" * 32, reason="KeyError")
PLACE = Place("monitoring", "predictions", 0)
POLICY = PolicyDocument(
    inventory=INVENTORY,
    defaults={"retention": {"letters_days": 20, "folds_days": 90}},
    endpoints={"flights": EndpointPolicy(model="flights")},
)


async def left_after(days: int) -> tuple[bool, bool]:
    """Whether a letter and a state are there after so many days and a tick of the clock."""
    world = World(policy=POLICY)
    letters: LetterBook = world.ports[LetterBook]
    folds: Folds = world.ports[Folds]
    await letters.keep("letter", LETTER)
    await folds.write(PLACE, Position("", 1), {"endpoint": b"counts"})
    world.clock.advance(timedelta(days=days))
    await world.app.runtime.tick()
    return await letters.forget(world.clock.now(), 1) == 1, bool(await folds.states(PLACE, ["endpoint"]))


async def test_a_letter_and_a_state_live_as_long_as_the_policy_says() -> None:
    assert await left_after(19) == (True, True)
    assert await left_after(21) == (False, True)
    assert await left_after(91) == (False, False)


async def test_more_rows_than_one_run_deletes_are_left_to_the_next() -> None:
    world = World()
    letters: LetterBook = world.ports[LetterBook]
    for number in range(1001):
        await letters.keep(f"letter-{number}", LETTER)
    world.clock.advance(timedelta(days=2))
    run = forgetting(letters, world.ledger, timedelta(days=1))
    assert (await run(), await run()) == (True, False)
