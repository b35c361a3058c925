"""Requests in all the forms that HTTP allows, answered in their order."""

import asyncio
import json

from tests.integration.scoring.http.speaking import BODY, INFER, LIMITS, Running, all_of, post, statuses
from tests.support.eventually import PATIENCE_S
from tests.support.onnx_models import sample_rows, tensors


async def test_a_connection_is_kept_for_the_next_request(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(3):
        writer.write(post())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert b"probability" in await reader.readexactly(length)
    writer.close()


async def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    ids = [f"r{index}" for index in range(20)]
    stream = b"".join(post(json.dumps({**tensors(sample_rows(1)), "id": each}).encode()) for each in ids)
    stream = stream + b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n" + post(b"{")
    answer = await server.send(stream)
    assert statuses(answer) == [200] * 21 + [400]
    positions = [answer.index(b'"id":"%b"' % each.encode()) for each in ids]
    assert positions == sorted(positions)


async def test_what_was_pipelined_before_it_does_not_count_as_a_requests_head(server: Running) -> None:
    """More bytes of whole requests than a head may have, and in the same packet the beginning of another head."""
    whole, head = post() * 30, post()[:40]
    assert len(whole) > 2 * LIMITS.head_bytes
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(whole + head)
    found = b""
    while len(statuses(found)) < 30:
        found += await asyncio.wait_for(reader.read(65_536), PATIENCE_S)
    writer.write(post()[40:])
    assert statuses(found + await all_of(reader, writer)) == [200] * 31


async def test_a_chunked_body_is_put_together(server: Running) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(BODY[at : at + 40]), BODY[at : at + 40]) for at in range(0, len(BODY), 40))
    head = b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    assert statuses(await server.send(head + chunks + b"0\r\n\r\n")) == [200]


async def test_bytes_may_come_one_at_a_time(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = post(BODY[:10], b"/v2/models/flights/infer?a=b")
    for byte in request:
        writer.write(bytes([byte]))
        await writer.drain()
    assert statuses(await all_of(reader, writer)) == [400]


async def test_a_client_that_asks_first_is_told_to_go_on(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head, _, body = post(BODY, INFER, b"expect: 100-continue").partition(b"\r\n\r\n")
    writer.write(head + b"\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert statuses(await all_of(reader, writer)) == [200]


async def test_head_has_the_head_of_get_and_no_body(server: Running) -> None:
    answer = await server.send(b"HEAD /v2/models/flights HTTP/1.1\r\nhost: x\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]) > 100
    assert body == b""


async def test_old_clients_are_answered_and_closed(server: Running) -> None:
    answer = await server.send(b"GET /v2/health/ready HTTP/1.0\r\n\r\n")
    assert statuses(answer) == [200]
    assert b"connection: close" in answer


async def test_a_header_pins_the_deployment(server: Running) -> None:
    assert statuses(await server.send(post(BODY, INFER, b"azureml-model-deployment: 1"))) == [200]
    assert statuses(await server.send(post(BODY, INFER, b"azureml-model-deployment: 2"))) == [404]


async def test_what_is_served_can_be_listed(server: Running) -> None:
    assert b'{"models":["flights"]}' in await server.send(b"GET /v2/models HTTP/1.1\r\nhost: x\r\n\r\n")
    for body in (b"", b'{"ready": true}'):
        answer = await server.send(post(body, b"/v2/repository/index"))
        assert b'[{"name":"flights","version":"1","state":"READY"}]' in answer
    answer = await server.send(b"GET /v2/repository/index HTTP/1.1\r\nhost: x\r\n\r\n")
    assert (statuses(answer), b"allow: POST\r\n" in answer) == ([405], True)


async def test_metrics_are_there_for_prometheus(server: Running) -> None:
    await server.send(post())
    answer = await server.send(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b'sluice_requests_total{model="flights",version="1"} 1\n' in answer
    assert b'sluice_latency_seconds_count{model="flights",version="1"} 1\n' in answer


async def test_a_drain_answers_what_is_under_way_and_tells_the_connection_to_close(server: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(post()[:-1])
    await writer.drain()
    server.stop.set()
    await asyncio.sleep(0)
    writer.write(post()[-1:])
    answer = await all_of(reader, writer)
    assert statuses(answer) == [200]
    assert b"connection: close" in answer
    await server.task
