"""What `sluice status` says of rows that nothing is measured of: lost, of a package without a profile, or astray."""

import asyncio
import json
from datetime import date

import pytest

from function_app.operator.standing.unmeasured import Unmeasured, summed
from services.monitoring.reactions import service as monitoring
from services.monitoring.unseen import Unseen
from services.monitoring.windows import Stream
from shared.ports import Folds, Manifest, Place, Position, Route, Unavailable
from shared.reactor.fold_codec import encode_state
from tests.support.builders import endpoint_ref, package_ref
from tests.unit.operator.terminal import Terminal

ENDPOINT, SERVES = endpoint_ref(), package_ref("3", "c")
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
UNMONITORED = f"unmonitored:{SERVES.digest}"
STREAMS = (
    Stream(unseen={"lost:the hub is away": Unseen(on=SECOND, rows=12), UNMONITORED: Unseen(on=FIRST, rows=999)}),
    Stream(unseen={UNMONITORED: Unseen(on=SECOND, rows=300)}, looked=90, strayed=7, told=True),
    Stream(unseen={"lost:the hub is away": Unseen(on=SECOND, rows=5)}),
)
MISSED = [
    Unmeasured("unmonitored", 300, SERVES.digest, SECOND),
    Unmeasured("lost", 17, "the hub is away", SECOND),
    Unmeasured("strayed", 7, of=90, many=True),
]


def test_partitions_are_summed_and_the_newest_day_counts() -> None:
    assert summed(STREAMS) == summed(STREAMS[::-1]) == MISSED
    assert summed([Stream(looked=50), Stream()]) == []


def test_what_was_counted_for_a_reason_that_a_newer_build_gives_is_left_out() -> None:
    assert summed([Stream(unseen={"melted:x": Unseen(on=FIRST, rows=1)})]) == []


@pytest.fixture
def missing(terminal: Terminal) -> Terminal:
    """Three partitions of which each holds a part, and a fourth that has never met the endpoint."""
    folds: Folds = terminal.world.ports[Folds]
    for partition, stream in enumerate((*STREAMS, None)):
        place = Place(monitoring.name, "predictions", partition)
        states = {str(ENDPOINT.entity): encode_state(stream)} if stream else {}
        asyncio.run(folds.write(place, Position("epoch", 1), states))
    route = Route(package=SERVES, share=100)
    manifest = Manifest(endpoint=ENDPOINT, generation=1, routes=(route,), changed_by="test")
    asyncio.run(terminal.world.manifests.swap(manifest))
    return terminal


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_status_says_how_many_and_why_on_every_width(
    missing: Terminal, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    result = missing.sluice("status")
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= int(width)
    together = "".join(result.stdout.split())
    for words in (
        "rows not measured", "300 of flights:3 unmonitored on 03-02", "17 lost on 03-02: the hub is away",
        "7 of 90 late or misdated, too many at the look before",
    ):  # fmt: skip
        assert words.replace(" ", "") in together, result.stdout


def test_status_as_json_has_them_by_kind(missing: Terminal) -> None:
    (endpoint,) = json.loads(missing.sluice("status", "--json").stdout)["endpoints"]
    assert endpoint["not_measured"] == [
        {"kind": "unmonitored", "rows": 300, "why": "flights:3", "on": "2026-03-02", "of": None, "many": False},
        {"kind": "lost", "rows": 17, "why": "the hub is away", "on": "2026-03-02", "of": None, "many": False},
        {"kind": "strayed", "rows": 7, "why": "", "on": None, "of": 90, "many": True},
    ]


def test_folds_that_cannot_be_read_are_said_and_hide_nothing_else(
    missing: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("the table is away")

    monkeypatch.setattr(missing.world.ports[Folds], "of", away)
    result = missing.sluice("status")
    assert result.exit_code == 0, result.output
    assert "which rows were not measured cannot be read: the table is away" in " ".join(result.stderr.split())
    assert "flights:3" in result.stdout
    assert json.loads(missing.sluice("status", "--json").stdout)["unread"]
