"""`sluice lanes`: how far each reader is behind, which lane was stopped, and letting it go on."""

from dataclasses import replace

from rich.console import Console

from function_app.operator.console import Grid
from function_app.operator.standing.lane_words import lane_json, lane_summary
from function_app.operator.standing.lanes import Behind, lanes
from shared.adapters.memory import MemoryEventPublisher, MemoryFolds, MemoryHubReader, MemoryLaneBook, MemoryPositions
from shared.adapters.memory.ledger import MemoryLedger
from shared.events import LaneResumeOrdered, LaneStalled
from shared.ports import Extent, Hub, Stop, Unavailable
from shared.ports.records.positions import Place, Position
from tests.support.builders import NOW, envelope
from tests.unit.operator.recorded import Recorder
from tests.unit.operator.terminal import REASON, Terminal

PLACE, OTHER = Place("measurement", "events", 0), Place("monitoring", "labels", 1)


def shown(grid: Grid) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(grid)
    return capture.get()


class Held(MemoryHubReader):
    """Hub `events` ends at number 41; `labels` does not answer."""

    def __init__(self) -> None:
        super().__init__(MemoryEventPublisher())

    async def extent(self, hub: Hub) -> Extent:
        if hub == "labels":
            raise Unavailable("labels is away")
        return Extent("epoch", dict.fromkeys(range(2), range(7, 42)))


async def at(place: Place, positions: MemoryPositions, ledger: MemoryLedger, book: MemoryLaneBook) -> Behind:
    """What is said of this place."""
    found = await lanes(positions, MemoryFolds(), book, ledger, Held())
    return next(each for each in found if each.place == place)


def stalled(sequence: int, partition: int = 0) -> LaneStalled:
    return LaneStalled(
        lane="measurement", hub="events", partition=partition, sequence=sequence, since=NOW, reason="the table is away"
    )


async def told(*events: LaneStalled) -> MemoryLedger:
    """The ledger as notifications leaves it when it has told people of these."""
    recorder = Recorder()
    for number, event in enumerate(events):
        await recorder.decide("notifications", envelope(event, id=f"stalled-{number}"))
    assert isinstance(recorder.ledger, MemoryLedger)
    return recorder.ledger


async def test_a_lane_that_stands_says_since_when_and_why_until_it_has_moved_on() -> None:
    positions, ledger = MemoryPositions(), await told(stalled(11), stalled(31), stalled(5, partition=1))
    moved = await positions.move(PLACE, None, Position("epoch", 30))
    first = await at(PLACE, positions, ledger, MemoryLaneBook())
    assert first.stalled == stalled(31)
    assert lane_json(first)["held"] == {
        "sequence": 31, "since": NOW.isoformat().replace("+00:00", "Z"), "reason": "the table is away"
    }  # fmt: skip
    assert "held at 0#31 since 03-02 09:00: the table is away" in shown(lane_summary([first]))
    await positions.move(PLACE, moved, Position("epoch", 31))
    gone_on = await at(PLACE, positions, ledger, MemoryLaneBook())
    assert gone_on.stalled is None


async def test_a_reader_is_behind_by_what_lies_after_its_position() -> None:
    positions, book = MemoryPositions(), MemoryLaneBook()
    await positions.move(PLACE, None, Position("epoch", 30))
    await positions.move(OTHER, None, Position("epoch", 5))
    await book.stop("measurement", Stop("build-42", NOW, "KeyError"))
    first = await at(PLACE, positions, MemoryLedger(), book)
    second = await at(OTHER, positions, MemoryLedger(), book)
    assert (first.place, first.messages) == (PLACE, 11)
    assert first.stop == Stop("build-42", NOW, "KeyError")
    assert (second.messages, second.missing, second.stop) == (None, "labels is away", None)
    summary = " ".join(
        shown(lane_summary([first, replace(first, place=Place("measurement", "events", 1)), second])).split()
    )
    assert "measurement events 22 stopped 03-02 09:00:00, build build-42: KeyError (`sluice lanes resume`)" in summary
    assert "monitoring labels not to be had: labels is away -" in summary


async def test_a_reader_that_has_handled_nothing_yet_is_behind_by_all_that_its_hub_holds() -> None:
    positions = MemoryPositions()
    await positions.move(PLACE, None, Position("the one before", 30))
    found = await lanes(positions, MemoryFolds(), MemoryLaneBook(), MemoryLedger(), Held())
    behind = {each.place: each.messages for each in found}
    assert behind[Place("measurement", "events", 0)] == behind[Place("tell", "events", 1)] == 35
    assert behind[Place("intake", "inbound", 1)] == behind[Place("monitoring", "predictions", 0)] == 35
    assert behind[Place("monitoring", "labels", 0)] is None


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
