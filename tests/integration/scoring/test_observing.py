"""Ids, access log and traces: they tell of each request, cost callers nothing, and count what they lose."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from function_app.scoring.serve.access_log import access_log
from function_app.scoring.serve.observing import Handled
from tests.integration.scoring.conftest import MakeApp
from tests.support.eventually import aeventually, eventually
from tests.support.onnx_models import sample_rows, tensors
from tests.support.scoring_app import ScoringApp

REQUEST = tensors(sample_rows(1))
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def running(app: ScoringApp, session: aiohttp.ClientSession) -> ScoringApp:
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    return app


async def counted(app: ScoringApp, session: aiohttp.ClientSession, name: str) -> int:
    async with session.get(f"{app.url}/metrics") as response:
        found = re.search(rf"^{name} (\d+)$", await response.text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


async def raw(app: ScoringApp, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(app.url.rpartition(":")[2]))
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_caller_s_ids_come_back(app: ScoringApp, session: aiohttp.ClientSession) -> None:
    for name in ("x-request-id", "x-ms-client-request-id"):
        for value in ("a-1", "a-2", "a-2"):
            assert (await app.ask(session, REQUEST, **{name: value}))[2][name] == value
        status, _, headers = await app.ask(session, {}, **{name: "of an error"})
        assert (status, headers[name]) == (400, "of an error")
        assert name not in (await app.ask(session, REQUEST, **{name: "x" * 200}))[2]
        assert name not in (await app.ask(session, REQUEST))[2]


@pytest.fixture
async def logging_app(make_app: MakeApp, session: aiohttp.ClientSession) -> ScoringApp:
    return await running(make_app(ACCESS_LOG="true"), session)


def lines(app: ScoringApp) -> list[dict[str, Any]]:
    return [json.loads(line) for line in app.log.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_the_access_log_has_a_line_for_each_request_and_no_secret(
    logging_app: ScoringApp, session: aiohttp.ClientSession
) -> None:
    app = logging_app
    secret = {"x-functions-key": "hunter2", "authorization": "Bearer hunter2", "x-request-id": 'an "id"'}
    path = "/v2/models/flights/infer?code=hunter2"
    await app.ask(session, {**REQUEST, "id": "hunter2"}, path, traceparent=f"00-{TRACE}-{PARENT}-01", **secret)
    await raw(app, b"GET /\xc2\x9b31m\x7f HTTP/1.1\r\nhost: x\r\n\r\n")
    await raw(app, b"GET / HTTP/1.1\r\nx: \0\x1b[31m\r\n\r\n")
    app.stop()
    scored = next(line for line in lines(app) if line["path"] == "/v2/models/flights/infer")
    assert (scored["method"], scored["status"], scored["version"]) == ("POST", 200, "1")
    assert (scored["x-request-id"], scored["traceparent"][3:35]) == ('an "id"', TRACE)
    assert scored["bytes_in"] > 100 < scored["bytes_out"]
    assert 0 < scored["duration_us"] < 10_000_000
    assert [line["status"] for line in lines(app)][-2:] in ([404, 400], [400, 400])
    assert "hunter2" not in app.log
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", app.log)


def _handled(number: int) -> Handled:
    return Handled(1, 2, b"GET", b"/%d" % number, 200, 0, 0, (), (), None)


def test_a_reader_that_stands_still_costs_lines_and_nothing_else() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream, os.fdopen(reading, "rb") as reader:
        log = access_log(stream, most=3_000)
        log.start()
        offered = 0
        while not log.dropped:  # ends only since `offer` does not wait, and the buffer is bounded
            log.offer(_handled(offered))
            offered += 1
        found: list[dict[str, Any]] = []
        while len(found) < offered - log.dropped:
            found.append(json.loads(reader.readline()))
        log.stop(5)
    assert len({line["path"] for line in found}) == len(found) == offered - log.dropped


class Collector:
    """An OTLP/HTTP receiver: keeps the spans it is sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """pytest shows what is printed, and this is nothing to show."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.server.shutdown()
    found.server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_each_request_is_a_span_of_the_caller_s_trace(
    make_app: MakeApp, session: aiohttp.ClientSession, collector: Collector
) -> None:
    app = await running(make_app(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url), session)
    await app.ask(session, REQUEST, traceparent=f"00-{'1' * 32}-{PARENT}-00", **{"x-request-id": "unsampled"})
    await app.ask(session, REQUEST, traceparent=f"00-{TRACE}-{PARENT}-01", **{"x-request-id": "sampled"})
    await app.ask(session, {}, traceparent="nonsense", **{"x-request-id": "begins a trace"})
    named = "http.request.header.x-request-id"
    eventually(lambda: any(attributes(span).get(named) == "begins a trace" for span in collector.spans))
    by_id = {attributes(span).get(named): span for span in collector.spans}
    assert "unsampled" not in by_id
    span = by_id["sampled"]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert (span.name, span.kind) == ("POST /v2/models/{model}/infer", 2)
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 10e9
    assert attributes(span) | {"http.response.status_code": 200, "sluice.model.version": "1"} == attributes(span)
    assert by_id["begins a trace"].parent_span_id == b""
    assert attributes(by_id["begins a trace"])["http.response.status_code"] == 400
    assert await counted(app, session, "sluice_spans_dropped_total") == 0


@pytest.mark.parametrize("door", ["server"], indirect=True)
async def test_a_dead_collector_is_nobody_s_trouble_and_its_spans_are_counted(
    make_app: MakeApp, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    dead = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    app = await running(make_app(**dead), session)

    async def lost() -> int:
        assert (await app.ask(session, REQUEST))[0] == 200
        return await counted(app, session, "sluice_spans_dropped_total")

    await aeventually(lost)
    assert app.stop() == 0
