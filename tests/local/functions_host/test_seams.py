"""The worker library's two seams: the one that Azure's worker for Python 3.13 uses, and so we, and the native one."""

import json
import subprocess
import sys
from typing import Any

import pytest

from infra.local.functions_host.tracing import Trace
from infra.local.functions_host.worker import Attempt, invocation
from infra.local.functions_host.worker_protocol import protos
from tests.local.functions_host.running_host import APPS, REPOSITORY


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.local.functions_host.both_seams", str(APPS / "seams")]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
    return json.loads(told)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "function", ["over_http", "over_http_in_a_thread", "says", "raises", "nothing", "batch", "single", "ticks"]
)
def test_both_seams_do_the_same(answers: dict[str, Any], function: str) -> None:
    assert answers[function]["azure"] == answers[function]["native"]


def test_a_function_sees_the_request_its_attempt_and_its_trace(answers: dict[str, Any]) -> None:
    ok, returned, _ = answers["over_http"]["azure"]
    assert ok
    http = returned["http"]
    assert (http["statusCode"], http["headers"]["X-A"]) == ("201", "1")
    cookies = {cookie["name"]: cookie for cookie in http["cookies"]}
    assert cookies["s"]["maxAge"] == {"value": 60.0}
    assert cookies["t"]["expires"] == {"value": "2026-10-21T07:28:00Z"}


def test_what_a_function_raises_is_a_failed_answer(answers: dict[str, Any]) -> None:
    assert answers["raises"]["azure"] == [False, None, []]
    assert answers["nothing"]["azure"][0] is False


@pytest.mark.observed("events: a policy without end goes on until it succeeds, and says -1")
def test_a_batch_arrives_whole_with_its_metadata(answers: dict[str, Any]) -> None:
    ok, _, [(name, out)] = answers["batch"]["azure"]
    events, metadata, context = json.loads(out["string"])
    assert (ok, name) == (True, "out")
    assert [event[:3] for event in events] == [["00ff", 7, 4096], ["", 8, 4096]]
    assert metadata["OffsetStringArray"] == ["4096", "4096"]
    assert metadata["SequenceNumberArray"] == [7, 8]
    assert context[2:5] == [2, -1, "what went wrong before: é"]


def test_retry_policies_are_told_in_protobuf(answers: dict[str, Any]) -> None:
    """Versions of the library before 1.1.1 ended the worker here."""
    assert answers["batch"]["retry"] == {"maxRetryCount": -1, "minimumInterval": "1s", "maximumInterval": "60s"}
    fixed = {"maxRetryCount": 2, "delayInterval": "5s", "retryStrategy": "fixed_delay"}
    assert answers["ticks"]["retry"] == fixed


def test_requests_are_on_the_wire_what_the_protocol_says() -> None:
    """Field numbers and types of FunctionRpc.proto, written out: tag, length, value."""
    http = protos.TypedData(http=protos.RpcHttp(method="GET", query={"a": "b"}))
    metadata = {"n": protos.TypedData(collection_sint64=protos.CollectionSInt64(sint64=[-1]))}
    request = invocation("i", "f", [("req", http)], metadata, Attempt(1, -1, "e"), Trace("p", "s"))
    assert request.SerializeToString().hex(" ") == " ".join(
        [
            "0a 01 69",  # 1 invocation_id
            "12 01 66",  # 2 function_id
            # 3 input_data: name, http
            "1a 16 0a 03 72 65 71 12 0f 2a 0d 0a 03 47 45 54 7a 06 0a 01 61 12 01 62",
            "22 0a 0a 01 6e 12 05 5a 03 0a 01 01",  # 4 trigger_metadata
            "2a 06 0a 01 70 12 01 73",  # 5 trace_context
            "32 12 08 01 10 ff ff ff ff ff ff ff ff ff 01 1a 03 12 01 65",  # 6 retry_context
        ]
    )
