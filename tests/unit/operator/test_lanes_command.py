"""`sluice lanes`: how far each reader is behind, which lane was stopped, and letting it go on."""

from function_app.operator.standing.lanes import lanes
from shared.adapters.memory import MemoryEventPublisher, MemoryHubReader, MemoryLaneBook, MemoryPositions
from shared.events import LaneResumeOrdered
from shared.ports import Hub, Stop, Unavailable
from shared.ports.records.positions import Place, Position
from tests.support.builders import NOW
from tests.unit.operator.terminal import REASON, Terminal

PLACE, OTHER = Place("measurement", "events", 0), Place("monitoring", "labels", 1)


class Held(MemoryHubReader):
    """Hub `events` ends at number 41; `labels` does not answer."""

    def __init__(self) -> None:
        super().__init__(MemoryEventPublisher())

    async def held(self, hub: Hub, partition: int) -> range:
        if hub == "labels":
            raise Unavailable("labels is away")
        return range(7, 42)


async def test_a_reader_is_behind_by_what_lies_after_its_position() -> None:
    positions, book = MemoryPositions(), MemoryLaneBook()
    await positions.move(PLACE, None, Position("epoch", 30))
    await positions.move(OTHER, None, Position("epoch", 5))
    await book.stop("measurement", Stop("build-42", NOW, "KeyError"))
    first, second = await lanes(positions, book, Held())
    assert (first.place, first.messages) == (PLACE, 11)
    assert first.stop == Stop("build-42", NOW, "KeyError")
    assert (second.messages, second.missing, second.stop) == (None, "labels is away", None)


def test_a_lane_that_is_none_is_not_resumed_and_the_likely_one_is_said(terminal: Terminal) -> None:
    result = terminal.sluice("lanes", "resume", "mesurement", *REASON)
    assert (result.exit_code, terminal.sent) == (1, [])
    assert "Did you mean measurement?" in " ".join(result.stderr.split())


def test_a_stopped_lane_is_let_go_on_by_an_order(terminal: Terminal) -> None:
    terminal.answers = False
    assert terminal.sluice("lanes", "resume", "measurement", *REASON).exit_code == 0
    (order,) = terminal.sent
    assert isinstance(order.data, LaneResumeOrdered)
    assert (order.data.lane, order.data.operator) == ("measurement", "petra@example.com")
