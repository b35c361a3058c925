"""`sluice status` and `sluice approvals list`: what an operator asks first, also where the window is narrow."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from function_app.operator.standing.endpoints import canary, windows
from function_app.operator.standing.words import pending_words
from services.drift.policy import Finding, Findings
from services.promotion.limits import CanaryStep
from services.promotion.policy.state import Promotion
from shared.events import (
    DeadLettered,
    Envelope,
    RetrainingRequested,
    Window,
)
from shared.ports import LaneBook, Manifest, PolicyBook, PolicyOnRecord, Route, Stop, Unavailable, Waiting
from shared.ports.records.positions import Place, Position
from tests.support.builders import NOW, digest, endpoint_ref, envelope, package_ref
from tests.unit.operator.terminal import REASON, Terminal
from tests.unit.services.approvals.asked import passed

ENDPOINT, CANDIDATE = endpoint_ref(), package_ref("4", "d")
WANTED = RetrainingRequested(endpoint=ENDPOINT, model_name="flights", data_until=NOW, reason="drift")
PASSED = passed("4", "d")


def letters(*found: tuple[str, str]) -> Any:
    """In place of hub `dead-letter`: service and reason of each."""

    async def read(*_: object) -> tuple[Sequence[Envelope[Any]], int]:
        return [
            envelope(
                DeadLettered(service=of, hub="events", partition=0, sequence=number, body=digest(), reason=reason),
                id=f"letter-{number}",
            )
            for number, (of, reason) in enumerate(found)
        ], 0

    return read


@pytest.fixture
def busy(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A live version with a canary, a question, a brake, dead letters, and work that waits."""
    world = terminal.world
    routes = (Route(package=package_ref("3", "c"), share=80), Route(package=CANDIDATE, share=20))
    manifest = Manifest(endpoint=ENDPOINT, generation=1, routes=routes, changed_by="test")
    asyncio.run(world.manifests.swap(manifest))
    asyncio.run(terminal.happen(PASSED, "passed"))
    world.faults.down["RecordingJobs"] = "before"
    asyncio.run(terminal.happen(WANTED, "wanted"))
    terminal.sluice("pause", "all", *REASON)
    monkeypatch.setattr(
        "function_app.operator.commands.status.all_letters",
        letters(("lifecycle", "no\x1b[2J such field"), ("lifecycle", "no\x1b[2J such field"), ("drift", "too large")),
    )
    monkeypatch.setenv("APPROVAL_BASE_URL", "https://pages.example")
    return terminal


def test_status_says_how_everything_stands(busy: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = busy.sluice("status")
    assert result.exit_code == 0, result.output
    for words in (
        "endpoints: 1",
        "flights:3 80 %, flights:4 20 %",
        "open approvals: 1",
        "not Dana@example.com",
        "brakes: 1",
        "everything",
        "dead letters: 3",
        "lifecycle no[2J such field",
        "pending: 1",
        "RecordingJobs is down",
    ):
        assert words in result.stdout, result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("width", ["40", "80"])
def test_where_it_is_narrow_no_column_is_lost(busy: Terminal, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    shown = busy.sluice("status").stdout
    assert max(map(len, shown.splitlines())) <= int(width)
    for column in ("live", "canary", "last window", "who may decide", "expires", "why it waits", "tries", "reason"):
        assert column in shown
    together = "".join(shown.split())
    for cell in ("flights:380%", "RecordingJobsisdown", "petra@example.com", "retraining.requested"):
        assert cell in together


def test_status_as_json(busy: Terminal) -> None:
    found = json.loads(busy.sluice("status", "--json").stdout)
    assert found["endpoints"][0]["live"] == [
        {"model": "flights:3", "share": 80.0},
        {"model": "flights:4", "share": 20.0},
    ]
    assert found["dead_letters"][0]["count"] == 2
    (waiting,) = found["pending"]
    assert (waiting["service"], waiting["tries"]) == ("retraining", 1)
    assert "RecordingJobs is down" in waiting["reason"]
    assert found["unread"] == []


def test_what_cannot_be_read_is_said_and_hides_nothing_else(busy: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreachable(*_: object) -> None:
        raise Unavailable("the hub is away")

    monkeypatch.setattr("function_app.operator.commands.status.all_letters", unreachable)
    result = busy.sluice("status")
    assert result.exit_code == 0
    assert "dead letters: not to be had: the hub is away" in result.stdout
    assert "pending: 1" in result.stdout


def test_open_questions_are_listed_with_who_may_decide_and_the_page(busy: Terminal) -> None:
    (asked,) = json.loads(busy.sluice("approvals", "list", "--json").stdout)
    assert asked["page"] == f"https://pages.example/approvals/{asked['id']}"
    assert "data-scientist or project-lead" in asked["may_decide"]
    assert "?" not in asked["page"], "the token is in nobody's hands but the invited"
    assert asked["id"] in "".join(busy.sluice("approvals", "list").stdout.split())


def test_an_endpoint_of_the_policy_is_there_before_anything_was_decided_about_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = terminal.sluice("status")
    assert "endpoints: 1" in result.stdout, result.output
    assert "flights nothing: no decision yet" in " ".join(result.stdout.split())
    (endpoint,) = json.loads(terminal.sluice("status", "--json").stdout)["endpoints"]
    assert (endpoint["endpoint"], endpoint["live"], endpoint["decided"]) == (str(ENDPOINT.entity), [], False)


def test_status_says_how_far_lanes_are_and_why_one_is_held_or_stopped(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    world = terminal.world
    place = Place("lifecycle", "events", 0)
    asyncio.run(world.positions.move(place, None, Position("epoch", 6)))
    asyncio.run(world.ports[LaneBook].stop("lifecycle", Stop("build-42", NOW, "KeyError: 'wind'")))
    shown = " ".join(terminal.sluice("status").stdout.split())
    assert "lifecycle events not to be had" in shown, shown
    assert "build build-42: KeyError: 'wind'" in shown
    (lane,) = [each for each in json.loads(terminal.sluice("status", "--json").stdout)["lanes"] if each["stopped"]]
    assert (lane["lane"], lane["hub"], lane["behind"]) == ("lifecycle", "events", None)


def test_a_policy_that_cannot_be_read_is_said_and_hides_nothing_else(terminal: Terminal) -> None:
    asyncio.run(terminal.world.ports[PolicyBook].put(PolicyOnRecord(digest("9"), 2, NOW)))
    result = terminal.sluice("status")
    assert result.exit_code == 0
    assert "the policy in force cannot be read" in " ".join(result.stderr.split())
    assert "pending: none" in result.stdout


def test_without_anything_it_says_none(terminal: Terminal) -> None:
    assert "nothing waits for a person" in terminal.sluice("approvals", "list").stdout
    assert "pending: none" in terminal.sluice("status").stdout


def test_promotions_own_state_is_what_is_read() -> None:
    step = CanaryStep(share=20, duration_s=4, least_requests=50, wait_s=40)
    state = Promotion(status="baking", route=Route(package=CANDIDATE, share=20), steps=(step,), since=NOW)
    found = canary(state.model_dump(mode="json"))
    assert found is not None
    assert (found.model, found.status, found.share, found.since) == ("flights:4", "baking", 20, NOW)
    assert canary(Promotion().model_dump(mode="json")) is None
    assert canary({"status": "of another build"}) is None


def test_drifts_own_state_is_what_is_read() -> None:
    window = Window(start=NOW, end=NOW + timedelta(days=7))
    finding = Finding(window=window, breach=True, score=0.31, limit=0.25, columns=("wind",))
    state = Findings(package=CANDIDATE, windows={"data": (finding, finding)})
    (found,) = windows(state.model_dump(mode="json"))
    assert (found.name, found.breach, found.score, found.limit) == ("data", True, 0.31, 0.25)
    assert windows({"windows": {"data": [{}]}}) == []


def test_what_waits_says_why_since_when_and_when_it_is_tried_again() -> None:
    waiting = Waiting(
        "registration", ENDPOINT.entity, "e", {}, NOW - timedelta(minutes=5), NOW + timedelta(seconds=12), 6,
        "adopt_package was not done within 24 s",
    )  # fmt: skip
    assert pending_words(waiting, NOW) == (
        "registration on endpoint flights: adopt_package was not done within 24 s; since 5 min, try 7, next in 12 s"
    )


def test_explain_says_what_of_it_waits(busy: Terminal) -> None:
    asyncio.run(busy.world.tick())
    result = busy.sluice("explain", "wanted")
    assert "pending retraining on endpoint flights" in " ".join(result.stdout.split()), result.output
    assert "RecordingJobs is down" in " ".join(result.stdout.split())
    assert json.loads(busy.sluice("explain", "wanted", "--json").stdout)["pending"][0]["event_id"] == "wanted"
