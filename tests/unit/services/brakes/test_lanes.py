"""A stopped lane goes on by an operator's signed word, once, and people are told whose."""

from services.brakes.policy import Commanded, CommandKnown, decide_lane
from shared.events import CommandRefused, LaneResumed, LaneResumeOrdered
from shared.ports import LaneBook, Stop
from shared.reactor import Publish
from tests.support.builders import NOW, envelope, facts, policy_document
from tests.support.world import World

ORDER = LaneResumeOrdered(lane="measurement", operator="petra@example.com", reason="the fix is deployed")


def test_an_order_that_nobody_signed_changes_nothing_and_is_told() -> None:
    decision = decide_lane(Commanded(), facts(CommandKnown(forged="no signature")), ORDER, policy_document())
    (effect,) = decision.effects
    assert isinstance(effect, Publish)
    assert isinstance(effect.event, CommandRefused)


async def test_an_order_on_the_hub_of_decisions_takes_the_stop_back() -> None:
    world = World()
    book: LaneBook = world.ports[LaneBook]
    await book.stop("measurement", Stop("a build", NOW, "KeyError"))
    await world.hubs.publish("decisions", [envelope(ORDER)])
    for delivery in list(world.hubs.waiting):
        assert await world.deliver(delivery)
    assert await book.stopped("measurement") is None
    assert [(event.lane, event.operator) for event in world.hubs.events(LaneResumed)] == [
        ("measurement", "petra@example.com")
    ]
