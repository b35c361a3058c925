"""States that an earlier build left in the ledger are read by this one: what was under way then comes to its end.

`tests/payloads/states/before_job_watch.json` was written by commit e428de5~1, before there was a `JobWatch`: by its own
policies, each with a job that runs.
"""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services import deciding
from shared.events import DeadlineReached, Entity, Envelope
from shared.ports import Head, Ledger
from shared.reactor import JobWatch
from tests.support.builders import NOW, workspace
from tests.support.world import World

EARLIER: dict[str, dict[str, Any]] = json.loads(Path("tests/payloads/states/before_job_watch.json").read_text())
ELEVEN_MINUTES, A_DAY = timedelta(minutes=11), timedelta(days=1)
GIVEN_UP = {"staging": ELEVEN_MINUTES, "batch": ELEVEN_MINUTES, "retraining": A_DAY, "monitoring": A_DAY}


def watch_of(service: str, state: Any) -> JobWatch | None:
    watch: JobWatch | None = next(iter(state.windows.values())).watch if service == "monitoring" else state.watch
    return watch


@pytest.mark.parametrize("service", EARLIER)
def test_a_job_that_an_earlier_build_waited_for_is_waited_for(service: str) -> None:
    state = deciding()[service].state.read(EARLIER[service])
    watch = watch_of(service, state)
    assert watch
    assert (watch.job.name.partition("-")[0], watch.give_up_at) == (service, NOW + GIVEN_UP[service])
    assert watch.looks == (1 if service == "staging" else 0)
    again = state.read(json.loads(state.model_dump_json()))
    assert again == state


@pytest.mark.parametrize("service", EARLIER)
def test_one_that_is_not_running_is_waited_for_by_nobody(service: str) -> None:
    kept = EARLIER[service]
    idle = {**kept, "windows": {key: {**each, "stage": "labels"} for key, each in kept.get("windows", {}).items()}}
    state = deciding()[service].state.read({**idle, "status": "finished" if service != "retraining" else "idle"})
    assert watch_of(service, state) is None
    assert deciding()[service].state.read({}) == deciding()[service].state()


@pytest.mark.parametrize("service", EARLIER)
async def test_the_reminder_of_the_earlier_build_ends_a_wait_whose_time_is_over(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, entity = World(), Entity.of(workspace(), "endpoint", "flights")
    ledger: Ledger = world.ports[Ledger]
    empty = await ledger.head(service, entity)

    async def head(_: str, __: Entity) -> Head:
        return replace(empty, state=EARLIER[service])

    monkeypatch.setattr(ledger, "head", head)
    world.clock.advance(GIVEN_UP[service])
    key = f"join:{next(iter(EARLIER[service]['windows']))}" if service == "monitoring" else "look"
    reminder = DeadlineReached(service=service, about=str(entity), key=key, at=world.clock.now())
    envelope = Envelope.first(reminder, id="reminder", source="/test", time=world.clock.now())
    await world.app.runtime.reactor.handle(world.app.runtime.services[service], envelope)
    found = await ledger.find(service, entity, "reminder")
    assert found
    (cancelled,) = [effect["data"]["job"] for effect in found.entry.effects if effect["kind"] == "cancel_job"]
    assert cancelled["name"] in json.dumps(EARLIER[service])
