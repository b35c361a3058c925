"""What a process and the one that sends to hubs for it say to each other, over a socket that only these two have.

To the sender: lengths, a JSON object, and the bodies that belong to it. Back: one JSON object a line.
"""

import asyncio
import json
import signal
import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shared.adapters.azure.event_hubs.message import OutgoingMessage

_LENGTHS = struct.Struct("!II")
# Sent to a whole group of processes, often; the sender is needed for the last words of the other one.
SIGNALS_OF_OTHERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Order(NamedTuple):
    """`what` is `connections`, `send` or `leave`, for which `about` is the connections by hub, the hub, or nothing."""

    what: str
    about: Any = None
    content_type: str = ""
    messages: Sequence[OutgoingMessage] = ()

    def to_bytes(self) -> list[bytes]:
        heads = [(each.name, each.partition_key, len(each.body)) for each in self.messages]
        head = json.dumps([self.what, self.about, self.content_type, heads]).encode()
        bodies = [each.body for each in self.messages]
        return [_LENGTHS.pack(len(head), sum(map(len, bodies))), head, *bodies]

    @classmethod
    async def read(cls, reader: asyncio.StreamReader) -> "Order | None":
        """None when the other side has gone; half an order is none."""
        try:
            head_length, length = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
            what, about, content_type, heads = json.loads(await reader.readexactly(head_length))
            bodies = memoryview(await reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        messages, at = [], 0
        for name, key, size in heads:
            messages.append(OutgoingMessage(name, key, bytes(bodies[at : at + size])))
            at += size
        return cls(what, about, content_type, messages)


class Outcome(NamedTuple):
    """`problem` is empty when the hub has everything; see `HubFailure` for the rest."""

    problem: str = ""
    is_for_ever: bool = False
    pause_s: float | None = None

    def to_line(self) -> bytes:
        return json.dumps(self._asdict()).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> "Outcome":
        found: Mapping[str, Any] = json.loads(line)
        return cls(**found)
