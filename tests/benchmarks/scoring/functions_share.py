"""Our code's share of an invocation, in the app's settings: `python -m tests.benchmarks.scoring.functions_share FILE`.

The worker library invokes the app's own handler, and in its place one that answers at once: same process, same
library, same request, in turns. The difference is what the handler takes; what ONNX Runtime's `run` takes of it is
measured around each call, by the same clock, and is not our code. The clock is this thread's time on the processor,
which other work on the machine disturbs least; reading it counts as our code.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, cast

import azure.functions as func
import azure_functions_runtime.handle_event as library
import uvloop

from infra.local.functions_host import worker
from infra.local.functions_host.http.datums import request_data
from infra.local.functions_host.http.messages import Request
from infra.local.functions_host.tracing import follow
from services.scoring import Scorer

_APP = Path(__file__).resolve().parents[3] / "function_app/scoring"
_ROUNDS, _TIMES = 60, 100
_LOADS_WITHIN_S = 30


async def main() -> None:
    parser = argparse.ArgumentParser("functions_share", description=__doc__)
    parser.add_argument("payload", type=Path)
    payload = parser.parse_args().payload
    os.chdir(_APP)
    sys.path.insert(0, str(_APP))
    identity = next(each.function_id for each in await worker.index(_APP) if each.name == "infer")
    found = library._functions.get_function(identity)
    answer = await _loaded(identity, _inputs(payload))
    empty = found._replace(func=_empty(answer))
    functions = library._functions._functions
    run = _TimedRun.of(found.func.__globals__["scorer"])
    spent: dict[str, list[float]] = {"handler": [], "empty": [], "run": []}
    for _ in range(_ROUNDS):
        for name, function in (("handler", found), ("empty", empty)):
            functions[identity] = function
            run.spent_ns = 0
            spent[name].append(await _timed(identity, _inputs(payload)))
            if name == "handler":
                spent["run"].append(run.spent_ns / _TIMES / 1_000)
    rounds = list(zip(spent["handler"], spent["empty"], spent["run"], strict=True))
    print(json.dumps({
        "own_us": [handler - empty - run_us for handler, empty, run_us in rounds],
        "with_model_us": [handler - empty for handler, empty, _ in rounds],
        "invocation_us": median(spent["handler"]),
    }))  # fmt: skip
    worker.stop()


class _TimedRun:
    """In the place of ONNX Runtime's `run`; `spent_ns` is this thread's time in it."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run
        self.spent_ns = 0

    @classmethod
    def of(cls, scorer: Scorer) -> "_TimedRun":
        (version,) = scorer.table.versions
        session: Any = version.session
        session._run = cls(session._run)
        return cast(_TimedRun, session._run)

    def __call__(self, *arguments: Any) -> Any:
        began = time.thread_time_ns()
        found = self._run(*arguments)
        self.spent_ns += time.thread_time_ns() - began
        return found


async def _loaded(identity: str, inputs: worker.Inputs) -> worker.TypedData:
    """The answer, once the app has its model."""
    deadline = time.monotonic() + _LOADS_WITHIN_S
    while time.monotonic() < deadline:
        result = await worker.invoke(_request("warm-up", identity, inputs))
        if result.returned is not None and result.returned.http.status_code == "200":
            return result.returned
        await asyncio.sleep(0.05)
    raise RuntimeError("the app has not loaded its model")


def _empty(answer: worker.TypedData) -> Callable[[func.HttpRequest], Any]:
    """A handler that returns the same answer without asking anybody."""
    body, headers = answer.http.body.bytes, dict(answer.http.headers)

    async def handler(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(body, status_code=200, headers=headers)

    return handler


def _inputs(payload: Path) -> worker.Inputs:
    body = payload.read_bytes()
    headers = [("host", "127.0.0.1"), ("content-type", "application/json"), ("content-length", str(len(body)))]
    request = Request("POST", "/v2/models/m/infer", "", headers, body)
    return [("req", request_data(request, {"name": "m"}))]


def _request(name: str, identity: str, inputs: worker.Inputs) -> Any:
    return worker.invocation(name, identity, inputs, {}, worker.FIRST_ATTEMPT, follow())


async def _timed(identity: str, inputs: worker.Inputs) -> float:
    """Microseconds of this thread for one invocation."""
    began = time.thread_time_ns()
    for _ in range(_TIMES):
        await worker.invoke(_request("measured", identity, inputs))
        await asyncio.sleep(0)  # as between two requests: what our code leaves for the next turn counts as well
    return (time.thread_time_ns() - began) / _TIMES / 1_000


if __name__ == "__main__":
    uvloop.run(main())
