"""What is not served is answered, with a reason."""

import asyncio

import pytest

from tests.integration.scoring.http.speaking import BODY, INFER, LIMITS, Running, post, statuses


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\nhost: x\r\n\r\n", 400),
        (b"GET /v2 HTTP/1.1\r\nhost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET /v2 HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", 400),
        (post(BODY, INFER, *[b"inference-header-content-length: 7"] * 2), 400),
        (post(BODY, INFER, b"inference-header-content-length: " + b"9" * 1_500), 400),
        (b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        (b"GET /%ff HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        (b"GET " + INFER + b" HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        (b"POST /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nhost: x\r\nname: " + b"v" * 3_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"v" * 3_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", 400),
        (post(b"x", INFER, b"inference-header-content-length: -1"), 400),
        (b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n", 413),
        (b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n" + b"x" * 65_535, 413),
        (post(BODY, INFER, b"content-type: text/html"), 415),
        (post(BODY, INFER, b"content-encoding: br"), 415),
        (post(BODY, INFER, b"expect: a-miracle"), 417),
        (post(BODY, b"/v2/models/birds/infer"), 404),
    ],
)
async def test_what_cannot_be_served_is_told_why(server: Running, request_: bytes, status: int) -> None:
    answer = await server.send(request_)
    assert statuses(answer) == [status]
    assert b'{"error":"' in answer


@pytest.mark.parametrize("start", [b"GET / HT", post()[:-5]])
async def test_a_request_that_never_ends_is_timed_out(server: Running, start: bytes) -> None:
    assert statuses(await server.send(start)) == [408]


async def test_more_connections_than_allowed_are_turned_away(server: Running) -> None:
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(LIMITS.connections)]
    assert statuses(await server.send(b"")) == [503]
    for _, writer in held:
        writer.close()
