"""Requests as no client sends them: always an answer or a clean close."""

import asyncio
import gzip
import random

from tests.integration.scoring.http.speaking import BODY, INFER, Running, post, statuses
from tests.support.eventually import PATIENCE_S


def _mutated(rng: random.Random) -> bytes:
    """A request with some bytes exchanged, left out, repeated or cut off."""
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 4)))
            case 1:
                del data[at : at + rng.randint(1, 8)]
            case 2:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 3:
                data[at:at] = data[at : at + rng.randint(1, 30)]
            case _:
                data[at:at] = rng.choice([b"\r\n", b"\n", b"\0", b":", b" ", b"0\r\n\r\n", b"\r\n\r\n", b"HTTP/1.1"])
    return bytes(data)


SEEDS = [
    post(),
    post(BODY, INFER, b"inference-header-content-length: 50"),
    post(gzip.compress(BODY), INFER, b"content-encoding: gzip", b"accept-encoding: deflate"),
    b"GET /v2/models/flights HTTP/1.1\r\nhost: x\r\n\r\n" * 2,
    b"POST " + INFER + b" HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"HEAD /v2/health/live HTTP/1.0\r\n\r\n",
]


async def test_malformed_requests_get_an_answer_or_a_close_never_a_server_error(server: Running) -> None:
    """20,000 of them; the client closes its side, so an unfinished request must end in a close, too."""
    seen: set[int] = set()
    counter = iter(range(20_000))

    async def client(seed: int) -> None:
        rng = random.Random(seed)
        for _ in counter:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(_mutated(rng))
            writer.write_eof()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    seen.update(statuses(await reader.read()))
            except ConnectionResetError:
                pass  # it closed before it had read everything: an end like another
            writer.close()

    await asyncio.gather(*(client(seed) for seed in range(20)))
    assert 200 in seen
    assert 400 in seen
    assert all(status < 500 or status in (501, 505) for status in seen), seen
    assert statuses(await server.send(post())) == [200]
