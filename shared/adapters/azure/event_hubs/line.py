"""A running sender process, from the side of the process that started it."""

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import suppress

from shared.adapters.azure.event_hubs.frames import SIGNALS_OF_OTHERS, Order, Outcome

_COMMAND = (sys.executable, "-m", "shared.adapters.azure.event_hubs.sender_process")
# Longer than the SDK takes to give up by itself, three times over.
_HANGS_S = 60.0
_ENDS_WITHIN_S = 2.0


class Line:
    """`ask` has one order under way. An end of the process answers it, and everything after it."""

    def __init__(
        self, process: subprocess.Popen[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._answer: asyncio.Future[Outcome] | None = None
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, first: Order) -> "Line":
        """Whatever the process needs to know comes over the line: arguments are for all to see. Raises `OSError`."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.to_thread(_start, theirs)
            except BaseException:  # whatever ends it, nobody else will close this end
                ours.close()
                raise
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        writer.writelines(first.to_bytes())
        return cls(process, reader, writer)

    @property
    def has_ended(self) -> bool:
        return self._listening.done()

    def ask(self, order: Order) -> asyncio.Future[Outcome]:
        """Never fails: an end of the process is an outcome as well."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome] = loop.create_future()
        self._answer = answer
        hanging = loop.call_later(_HANGS_S, self._process.kill)
        answer.add_done_callback(lambda _: hanging.cancel())
        if self.has_ended:
            answer.set_result(_ENDED)
        else:
            self._writer.writelines(order.to_bytes())
        return answer

    def leave(self) -> None:
        """What is under way is no longer waited for."""
        if not self.has_ended:
            self._writer.writelines(Order("leave").to_bytes())

    async def _listen(self) -> None:
        with suppress(ConnectionError):
            while line := await self._reader.readline():
                self._say(Outcome.of_line(line))
        self._say(_ENDED)

    def _say(self, outcome: Outcome) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(outcome)

    async def close(self) -> None:
        """It ends by itself when nobody is at the other end, or is ended."""
        self._writer.close()
        try:
            await asyncio.to_thread(self._process.wait, _ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        await self._listening


def _start(stdin: socket.socket) -> subprocess.Popen[bytes]:
    """By a thread of its own, whose mask of signals the process has until it ignores them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS_OF_OTHERS)
    try:
        return subprocess.Popen(_COMMAND, stdin=stdin.fileno(), stdout=subprocess.DEVNULL)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_ENDED = Outcome("the process that sends to hubs has ended")
