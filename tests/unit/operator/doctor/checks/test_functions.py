"""Apps that run less than they declare, or are not well, whatever state their host is in."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from function_app.operator.doctor.checks.functions import check
from tests.unit.operator.doctor.patients import Parts, words


async def found(parts: Parts, **other: Any) -> list[tuple[str, str]]:
    return words(await check.look(parts.patient(**other)))


async def test_what_runs_as_declared_is_well(parts: Parts) -> None:
    ((verdict, text),) = await found(parts)
    assert (verdict, text) == ("ok", "25 functions run as they were declared, and what answers is well")


def nothing(parts: Parts, app: str) -> None:
    """As an app whose import raised: its host runs, and `/` answers 200."""
    parts.survey.running[app] = {}
    parts.survey.answers = {(app, "/"): 200}


def without_clock(parts: Parts) -> None:
    del parts.survey.running["control"]["clock"]


def answering(parts: Parts, app: str, route: str, status: int) -> None:
    parts.survey.answers[app, route] = status


@pytest.mark.parametrize(
    ("harm", "verdict", "text"),
    [
        (partial(nothing, app="control"), "broken", "control runs 0 of its 10 functions; missing: clock, commands, "),
        (without_clock, "broken", "control runs 9 of its 10 functions; missing: clock"),
        (lambda parts: parts.survey.running["scoring"].update(old=True), "warning", "does not declare: old"),
        (lambda parts: parts.survey.running["control"].update(tell=False), "broken", "switched off are tell"),
        (partial(answering, app="gateway", route="/health", status=404), "broken", "gateway answers 404 to /health"),
        (partial(answering, app="scoring", route="/v2/health/live", status=500), "broken", "scoring answers 500"),
        (partial(answering, app="scoring", route="/v2/health/ready", status=503), "warning", "has not read its"),
        (lambda parts: parts.survey.running.pop("gateway"), "broken", "gateway does not answer"),
        (lambda parts: parts.survey.shut.add("gateway"), "warning", "gateway does not say what it runs"),
    ],
)
async def test_what_is_wrong_with_an_app_is_named(
    harm: Callable[[Parts], object], verdict: str, text: str, parts: Parts
) -> None:
    harm(parts)
    told = await found(parts)
    assert (told[0][0], text in told[0][1]) == (verdict, True), told


async def test_a_list_from_azure_is_believed_and_its_health_is_asked_all_the_same(parts: Parts) -> None:
    parts.survey.answers["gateway", "/health"] = 503
    told = await found(parts, listed={"gateway": {"WarmUp": True}}, asked={"gateway": False})
    assert [verdict for verdict, _ in told] == ["broken", "warning", "broken"]
    assert "gateway runs 0 of its 3 functions" in told[0][1]
    assert "answers 503 to /health" in told[2][1]


async def test_what_cannot_be_known_here_is_a_warning(parts: Parts) -> None:
    ((verdict, text),) = await found(parts, asked={})
    assert (verdict, text) == ("warning", "what the apps run is not known here")
    ((verdict, text),) = await found(parts, asked={"gateway": False})
    assert (verdict, text) == ("warning", "what gateway runs is not known here")


async def test_apps_that_do_not_run_here_are_not_missed(parts: Parts) -> None:
    """A local system with some of them, say."""
    ((verdict, text),) = await found(parts, asked={"control": True})
    assert (verdict, text.startswith("10 functions"), text.endswith("gateway, scoring: not looked at")) == (
        "ok",
        True,
        True,
    )
