"""Packed bodies over the wire, both ways: read as if they had come plain, and counted as what they become."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable

import pytest

from services.scoring.protocol.content_coding import SMALLEST
from tests.integration.scoring.http.speaking import BODY, INFER, LIMITS, Running, all_of, post, statuses
from tests.support.onnx_models import sample_rows, tensors

PACK: dict[bytes, Callable[[bytes], bytes]] = {b"gzip": gzip.compress, b"deflate": zlib.compress}
PACKED = gzip.compress(BODY, mtime=0)  # the same in every process that collects these tests
MANY = json.dumps(tensors(sample_rows(1_500)), separators=(",", ":")).encode()


def plain(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    return zlib.decompress(body, 47) if b"content-encoding: " in head else body


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"GZIP"])
async def test_a_packed_body_is_read_whole_in_parts_and_chunks(server: Running, coding: bytes) -> None:
    body = PACK[coding.lower()](BODY)
    said = b"content-encoding: " + coding
    expected = plain(await server.send(post()))
    request = post(body, INFER, said)
    assert plain(await server.send(request * 2)).startswith(expected)  # the second head is as the first
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for byte in request:
        writer.write(bytes([byte]))
        await writer.drain()
    assert plain(await all_of(reader, writer)) == expected
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(body[at : at + 9]), body[at : at + 9]) for at in range(0, len(body), 9))
    head = b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n" + said + b"\r\n\r\n"
    assert plain(await server.send(head + chunks + b"0\r\n\r\n")) == expected


async def test_a_bomb_is_refused_as_too_large_and_ends_its_connection(server: Running) -> None:
    bomb = gzip.compress(bytes(LIMITS.body_bytes * 100))
    assert len(bomb) < LIMITS.body_bytes
    answer = await server.send(post(bomb, INFER, b"content-encoding: gzip") + post())
    assert statuses(answer) == [413]
    assert statuses(await server.send(post())) == [200]


@pytest.mark.parametrize("body", [b"{}", PACKED[:-3], PACKED + b"x", PACKED[:9]])
async def test_what_is_not_packed_as_it_says_is_a_400_and_the_connection_goes_on(server: Running, body: bytes) -> None:
    answer = await server.send(post(body, INFER, b"content-encoding: gzip") + post())
    assert statuses(answer) == [400, 200]


@pytest.mark.parametrize("fields", [[b"content-encoding: br"], [b"content-encoding: gzip", b"content-encoding: gzip"]])
async def test_another_coding_is_told_what_would_do(server: Running, fields: list[bytes]) -> None:
    answer = await server.send(post(BODY, INFER, *fields))
    assert (statuses(answer), b"\r\naccept-encoding: gzip, deflate, identity\r\n" in answer) == ([415], True)


async def test_another_type_is_told_what_would_do(server: Running) -> None:
    answer = await server.send(post(BODY, INFER, b"content-type: text/html"))
    assert b"\r\naccept: application/json, application/octet-stream, application/vnd.apache" in answer


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
async def test_a_large_answer_is_packed_for_those_who_wish_it(server: Running, coding: bytes) -> None:
    request = post(gzip.compress(MANY), INFER, b"content-encoding: gzip")
    as_it_is = await server.send(request)
    assert b"content-encoding" not in as_it_is
    assert len(plain(as_it_is)) > SMALLEST
    wish = b"accept-encoding: " + coding
    answer = await server.send(post(gzip.compress(MANY), INFER, b"content-encoding: gzip", wish, b"x-request-id: 7"))
    for said in (b"content-encoding: " + coding, b"vary: accept-encoding", b"x-request-id: 7"):
        assert b"\r\n" + said + b"\r\n" in answer
    assert plain(answer) == plain(as_it_is)
    assert len(answer) < len(as_it_is) / 2


async def test_answers_behind_one_that_is_being_packed_wait_their_turn(server: Running) -> None:
    wish = b"accept-encoding: gzip"
    large = post(gzip.compress(MANY), INFER, b"content-encoding: gzip", wish)
    small = post(BODY, INFER, wish)
    answer = await server.send(small + small + large + small + b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n")
    assert statuses(answer) == [200] * 5
    assert answer.count(b"content-encoding: gzip") == 1
    assert answer.index(b"content-encoding: gzip") > answer.index(b"HTTP/1.1", answer.index(b"HTTP/1.1", 1) + 1)


async def test_a_client_that_goes_while_its_answer_is_packed_harms_nobody(server: Running) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(post(gzip.compress(MANY), INFER, b"content-encoding: gzip", b"accept-encoding: gzip"))
    await writer.drain()
    writer.close()
    assert statuses(await server.send(post())) == [200]
