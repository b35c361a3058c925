"""Every survey of apps tells what a route is answered with, and which functions run and are switched on."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from shared.adapters.app_survey import HttpAppSurvey
from shared.adapters.memory.app_survey import MemoryAppSurvey
from shared.ports import AppSurvey, Refused, Unavailable

pytestmark = pytest.mark.azure_untested
# As the real host answers, with and without the master key, and to whoever signs in before it.
LISTED = [{"name": "show", "isDisabled": False, "config": {}}, {"name": "clock", "isDisabled": True, "config": {}}]


async def answer(request: web.Request) -> web.Response:
    if request.path == "/admin/functions":
        key = request.headers.get("x-functions-key")
        return web.json_response(LISTED) if key == "master" else web.Response(status=401 if key is None else 403)
    statuses = {"/": 200, "/health": 503, "/approvals": 302}
    return web.Response(status=statuses.get(request.path, 404), headers={"Location": "/"})


@pytest.fixture
async def address() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield site.name
    await runner.cleanup()


@pytest.fixture(params=["memory", "http"])
def survey(request: pytest.FixtureRequest, address: str) -> AppSurvey:
    """App `up` is there, `shut` does not tell us what it runs, `away` does not answer."""
    if request.param == "memory":
        memory = MemoryAppSurvey()
        memory.running = {"up": {"show": True, "clock": False}, "shut": {}}
        memory.answers, memory.shut = {("up", "/health"): 503, ("up", "/approvals"): 302}, {"shut"}
        return memory
    addresses = {"up": f"{address}/", "shut": address, "away": "http://127.0.0.1:1"}
    return HttpAppSurvey(addresses, {"up": "master"}, 30)


async def test_a_route_is_answered_with_a_status_and_redirects_are_not_followed(survey: AppSurvey) -> None:
    assert [await survey.status("up", route) for route in ("/health", "/approvals", "/none")] == [503, 302, 404]


async def test_what_runs_is_listed_with_what_is_switched_off(survey: AppSurvey) -> None:
    assert await survey.functions("up") == {"show": True, "clock": False}


async def test_who_may_not_ask_is_told_so(survey: AppSurvey) -> None:
    with pytest.raises(Refused, match="shut"):
        await survey.functions("shut")


async def test_an_app_that_does_not_answer_is_unavailable(survey: AppSurvey) -> None:
    with pytest.raises(Unavailable, match="away does not answer"):
        await survey.status("away", "/health")
    with pytest.raises(Unavailable, match="away does not answer"):
        await survey.functions("away")


@pytest.mark.parametrize("key", ["host", ""])
async def test_another_key_than_the_master_key_is_refused_and_never_shown(key: str, address: str) -> None:
    with pytest.raises(Refused, match="answers 403") as refused:
        await HttpAppSurvey({"up": address}, {"up": key}, 30).functions("up")
    assert not key or json.dumps(key) not in str(refused.value)
