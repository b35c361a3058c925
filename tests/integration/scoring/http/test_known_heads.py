"""A head that was parsed before is not parsed again, and means the same."""

import asyncio
import json

from tests.integration.scoring.http.speaking import BODY, Running, all_of, post, statuses
from tests.support.onnx_models import sample_rows, tensors


async def test_a_head_that_was_seen_before_means_the_same_again(server: Running) -> None:
    """Also when its body comes in parts, or with another request behind it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    other = post(json.dumps(tensors(sample_rows(2))).encode())
    for request in (post(), post(), post()[:-9], post()[-9:], post() + other, other, other[:100], other[100:], post()):
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(0.01)
    assert statuses(await all_of(reader, writer)) == [200] * 8


async def test_a_head_that_was_seen_with_one_body_does_not_cut_another(server: Running) -> None:
    """The head of a longer request, sent while an answer is due, must not be taken for the shorter one's."""
    body = BODY + b" " * len(BODY)
    long = post(body)
    head = long[: -len(body)]
    await server.send(post() + head + BODY)
    assert statuses(await server.send(head + BODY)) == [408]
    assert statuses(await server.send(long)) == [200]
