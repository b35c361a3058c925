"""A bare AMQP client over the server's own codec, for what the SDK would never send."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.encode import encode
from infra.local.eventhubs.amqp.frames import AMQP_HEADER, Frame, FrameBuffer, frame, performative
from infra.local.eventhubs.amqp.messages import sections
from infra.local.eventhubs.amqp.performatives import (
    ATTACH,
    BEGIN,
    DETACH,
    DISPOSITION,
    FLOW,
    OPEN,
    SOURCE,
    TARGET,
    TRANSFER,
)
from infra.local.eventhubs.amqp.values import Described, Symbol, UByte, UInt
from tests.support.eventually import PATIENCE_S

WINDOW = UInt(1000)


class Wire:
    """One connection with one session on channel 0."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = FrameBuffer()
        self._waiting: list[Frame | bytes | None] = []

    def send_bytes(self, data: bytes) -> None:
        """As they are."""
        self._writer.write(data)

    def send(self, code: int, *fields: object, payload: bytes = b"") -> None:
        """One frame; trailing nulls may be left out, as AMQP allows."""
        self.send_bytes(frame(0, performative(code, *fields), payload))

    async def receive(self) -> Frame | bytes | None:
        """The next header or frame; None for an empty frame; `EOFError` when the server hung up."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._waiting:
                data = await self._reader.read(65536)
                if not data:
                    raise EOFError
                self._waiting += self._frames.feed(data)
        return self._waiting.pop(0)

    async def receive_to_the_end(self) -> None:
        """Read until the server hangs up, which raises."""
        while True:
            await self.receive()

    async def expect_frame(self, code: int) -> Frame:
        """The next frame with that performative; other frames are passed over."""
        while True:
            received = await self.receive()
            if isinstance(received, Frame) and received.code == code:
                return received

    async def expect(self, code: int) -> list[object]:
        """Its fields."""
        return (await self.expect_frame(code)).fields(11)

    async def open(self, idle_timeout_ms: int | None = None, window: int = WINDOW) -> None:
        """Header, open, begin."""
        self.send_bytes(AMQP_HEADER)
        idle = None if idle_timeout_ms is None else UInt(idle_timeout_ms)
        self.send(OPEN, "wire", None, UInt(512), None, idle)
        self.send(BEGIN, None, UInt(0), UInt(window), WINDOW)
        await self.expect(BEGIN)

    async def attach_producer(self, address: str) -> list[object]:
        """A sending link on handle 0; returns the server's first flow."""
        self.ask_to_send(address)
        await self.expect(ATTACH)
        return await self.expect(FLOW)

    def ask_to_send(self, address: str, settle_mode: int | None = None) -> None:
        """Attach a sending link on handle 0."""
        mode = None if settle_mode is None else UByte(settle_mode)
        self.send(ATTACH, "p", UInt(0), False, mode, None, Described(SOURCE, ["me"]), Described(TARGET, [address]))

    def ask_to_receive(self, address: str, selector: str | None, modes: tuple[int, int] = (0, 0)) -> None:
        """Attach a receiving link on handle 1; `modes` are those of sender and receiver."""
        kind = Symbol("apache.org:selector-filter:string")
        filters = None if selector is None else {kind: Described(kind, selector)}
        source = Described(SOURCE, [address, *[None] * 6, filters])
        self.send(ATTACH, "c", UInt(1), True, *map(UByte, modes), source, Described(TARGET, ["me"]))

    def attach_consumer(self, address: str, selector: str | None, credit: int) -> None:
        """A receiving link on handle 1 with credit."""
        self.ask_to_receive(address, selector)
        self.send(FLOW, UInt(0), WINDOW, UInt(0), WINDOW, UInt(1), UInt(0), UInt(credit))

    async def refusal(self) -> tuple[list[object], str, str]:
        """The attach that refuses a link, and condition and text of the detach that follows."""
        answer = await self.expect(ATTACH)
        error = (await self.expect(DETACH))[2]
        if not isinstance(error, Described) or not isinstance(error.value, list):
            raise AssertionError(f"not refused: {answer}")
        return answer, str(error.value[0]), str(error.value[1])

    async def request(self, node: str, properties: Mapping[str, object], value: object) -> dict[object, object]:
        """Ask a node over a pair of links on handles 8 and 9; the application properties of its reply."""
        me, there = Described(SOURCE, ["me"]), Described(TARGET, [node])
        self.send(ATTACH, "asks", UInt(8), False, None, None, me, there)
        self.send(ATTACH, "hears", UInt(9), True, None, None, Described(SOURCE, [node]), Described(TARGET, ["me"]))
        self.send(FLOW, UInt(0), WINDOW, UInt(0), WINDOW, UInt(9), UInt(0), UInt(1))
        message = encode(Described(0x74, dict(properties))) + encode(Described(0x77, value))
        self.send(TRANSFER, UInt(8), UInt(0), b"t", UInt(0), False, False, payload=message)
        _, payload = (await self.expect_frame(TRANSFER)).fields_and_payload(11)
        (told,) = (decode(payload, section.value_at)[0] for section in sections(payload) if section.code == 0x74)
        if not isinstance(told, dict):
            raise AssertionError("a reply without application properties")
        return told

    async def deliver(self, payload: bytes, message_format: int = 0, frame_size: int = 65000) -> list[object]:
        """Send one delivery, in several frames if need be, and return its disposition."""
        pieces = [payload[at : at + frame_size] for at in range(0, len(payload), frame_size)]
        for index, piece in enumerate(pieces):
            more = index < len(pieces) - 1
            self.send(TRANSFER, UInt(0), UInt(7), b"t", UInt(message_format), False, more, payload=piece)
        return await self.expect(DISPOSITION)


def refusal(disposition: list[object]) -> str:
    """The condition out of a rejected disposition."""
    state = disposition[4]
    if not isinstance(state, Described) or state.descriptor != 0x25 or not isinstance(state.value, list):
        raise AssertionError(f"not rejected: {disposition}")
    return str(state.value[0].value[0])


@contextlib.asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """Connect, and hang up at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
