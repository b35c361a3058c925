"""A server under test, and what is said to it byte by byte."""

import asyncio
import json
import re
from dataclasses import dataclass

from function_app.scoring.serve.limits import HttpLimits
from tests.support.onnx_models import sample_rows, tensors

LIMITS = HttpLimits(head_bytes=2_000, body_bytes=50_000, pipelined=4, connections=40, head_s=0.3, body_s=0.3)


BODY = json.dumps(tensors(sample_rows(1))).encode()


INFER = b"/v2/models/flights/infer"


def post(body: bytes = BODY, path: bytes = INFER, *headers: bytes) -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1", b"host: x", b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Running:
    port: int
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def send(self, data: bytes) -> bytes:
        """Everything the server says to this until it closes, or is silent for a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        return await all_of(reader, writer)


async def all_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, quiet_turns: int = 15) -> bytes:
    found = b""
    try:
        while part := await _next(reader, quiet_turns if found else 1000):
            found += part
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return found


async def _next(reader: asyncio.StreamReader, quiet_turns: int) -> bytes:
    """What comes within so many turns of 10 ms: the server shares this loop, and time alone may pass for both of us."""
    for _ in range(quiet_turns):
        try:
            return await asyncio.wait_for(reader.read(65_536), 0.01)
        except TimeoutError:
            continue
    raise TimeoutError


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer)]
