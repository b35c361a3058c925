"""A TCP proxy that loses answers: the other side did what was asked, and control never hears so. Or it is away.

It forwards bytes as they come. When a loss is due, the first bytes of an answer to a write prove that the write was
done; instead of passing them on, it cuts the connection on both sides.
"""

import asyncio
import re
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_REQUEST = re.compile(rb"(POST|PUT|PATCH|MERGE|DELETE|GET|HEAD) (\S+) HTTP/1\.1\r\n")
_DISPOSITION = b"\x00\x53\x15"
_FRAME_HEADER = 8


@dataclass
class HttpAnswers:
    """What the answers of one HTTP connection are to; reading changes nothing, so its answer is not worth losing."""

    _asked: str = ""

    def request(self, chunk: bytes) -> None:
        if found := _REQUEST.match(chunk):
            method, path = found[1].decode(), found[2].decode()
            batch = " (transaction)" if path.endswith("$batch") else ""
            self._asked = "" if method in ("GET", "HEAD") else f"{method}{batch}"

    def answer(self, chunk: bytes) -> str:
        """What this is the answer to, "" when it is none to a write."""
        asked, self._asked = self._asked, ""
        return asked if chunk.startswith(b"HTTP/1.1 2") else ""


@dataclass
class AmqpAnswers:
    """A hub tells its senders by a disposition that it has kept what they sent; it also answers their tokens so."""

    _sent: bool = False

    def request(self, chunk: bytes) -> None:
        self._sent |= b'"specversion"' in chunk

    def answer(self, chunk: bytes) -> str:
        """As above."""
        at = 0
        while self._sent and at + _FRAME_HEADER < len(chunk):
            (size,) = struct.unpack_from(">I", chunk, at)
            if chunk.startswith(_DISPOSITION, at + _FRAME_HEADER):
                self._sent = False
                return "send"
            at += max(size, _FRAME_HEADER)
        return ""


type Answers = HttpAnswers | AmqpAnswers


class LosingProxy:
    """`target` gives the port behind it at the time of each connection; `lost` says what was lost so far."""

    def __init__(self, target: Callable[[], int], answers: Callable[[], Answers]) -> None:
        self._target, self._answers = target, answers
        self._loop = asyncio.new_event_loop()
        self._due: list[int] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._is_away = False
        self.lost: Counter[str] = Counter()
        self.port = 0

    def lose(self, after: int = 0) -> None:
        """Lose one answer: `after` further answers to writes have got through."""
        self._loop.call_soon_threadsafe(self._due.append, after)

    def go_away(self) -> None:
        """Break what is open, and refuse all connections until `come_back`."""
        self._loop.call_soon_threadsafe(self._go_away)

    def _go_away(self) -> None:
        self._is_away = True
        for writer in self._open:
            writer.transport.abort()

    def come_back(self) -> None:
        self._is_away = False

    def hurry(self) -> None:
        """What is still to come is lost at the next answers."""
        self._loop.call_soon_threadsafe(self._hurry)

    def _hurry(self) -> None:
        self._due = [0 for _ in self._due]

    @property
    def due(self) -> int:
        """Losses that are still to come."""
        return len(self._due)

    def __enter__(self) -> Self:
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        assert started.wait(timeout=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, started: threading.Event) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._connect, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_away:
            writer.transport.abort()
            return
        try:
            there, to_there = await asyncio.open_connection("127.0.0.1", self._target())
        except OSError:
            writer.transport.abort()
            return
        self._open.add(writer)
        answers = self._answers()
        ways = [self._forward(reader, to_there, answers), self._return(there, writer, answers)]
        tasks = [self._loop.create_task(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for each in (writer, to_there):
            each.transport.abort()
        self._open.discard(writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers) -> None:
        while chunk := await _some(reader):
            answers.request(chunk)
            writer.write(chunk)

    async def _return(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers) -> None:
        while chunk := await _some(reader):
            if (what := answers.answer(chunk)) and self._is_due():
                self.lost[what] += 1
                return
            writer.write(chunk)

    def _is_due(self) -> bool:
        """Each answer brings all that is due one step nearer."""
        self._due = [after - 1 for after in self._due]
        if -1 not in self._due:
            return False
        self._due.remove(-1)
        self._due = [max(after, 0) for after in self._due]
        return True


async def _some(reader: asyncio.StreamReader) -> bytes:
    """What has come; nothing once the other side is gone."""
    try:
        return await reader.read(1 << 16)
    except OSError:
        return b""
