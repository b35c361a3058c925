"""Sessions: frames of one channel go to their links, and the links' frames out with the session's numbers on them."""

from collections.abc import Iterator
from typing import Protocol

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.frames import Frame, frame
from infra.local.eventhubs.amqp.performatives import TransferEncoder
from infra.local.eventhubs.amqp.values import DecodeError, Described
from infra.local.eventhubs.protocol.attaching import attach
from infra.local.eventhubs.protocol.link import Link
from infra.local.eventhubs.protocol.peer import Host
from infra.local.eventhubs.protocol.requests import ReplyLink

_IDS = 2**32


class Connected(Host, Protocol):
    """The connection as its sessions see it."""

    peer_max_frame_size: int

    def send(self, *pieces: bytes) -> None:
        """Queue bytes for the socket."""

    def links(self) -> Iterator[Link]:
        """All links of all sessions."""
        ...


class Session:
    """One session; `room` is the number of transfer frames that the peer will still take."""

    def __init__(self, connection: Connected, channel: int, begin: list[object]) -> None:
        self.connection = connection
        self.channel = channel
        self.links: dict[int, Link] = {}
        self._next_incoming_id = _uint(begin[1])
        self._next_outgoing_id = 0
        self.room = _uint(begin[2])

    def send(self, performative: bytes) -> None:
        """One frame without payload on this channel."""
        self.connection.send(frame(self.channel, performative))

    def send_flow(self, handle: int | None, delivery_count: int, credit: int, drain: bool = False) -> None:
        """The session's numbers, and a link's when a handle is given."""
        self.send(
            performatives.flow(self._next_incoming_id, self._next_outgoing_id, handle, delivery_count, credit, drain)
        )

    def send_disposition(self, delivery: int, state: Described) -> None:
        """Settle one incoming delivery."""
        self.send(performatives.disposition(performatives.RECEIVER, delivery, delivery, state))

    def send_delivery(self, encoder: TransferEncoder, message: bytes) -> None:
        """One message in as many transfer frames as it takes."""
        size = self.connection.peer_max_frame_size
        pieces = encoder.frames(self.channel, self._next_outgoing_id, message, size)
        count = len(pieces) // 4
        self._next_outgoing_id = (self._next_outgoing_id + count) % _IDS
        self.room -= count
        self.connection.send(*pieces)

    def reply_link(self, node: str, reply_to: str | None) -> ReplyLink | None:
        """Where replies of `node` go: the link that was named, else this session's receiver on the same node."""
        links = [link for link in self.connection.links() if isinstance(link, ReplyLink) and link.node == node]
        if reply_to is not None:
            links = [link for link in links if link.reply_address == reply_to] or links
        own = [link for link in links if link.session is self]
        candidates = own or links
        return candidates[0] if candidates else None

    def handle_frame(self, received: Frame) -> None:
        """Any performative of a session; raise `DecodeError` for one that makes no sense."""
        match received.code:
            case performatives.TRANSFER:
                self._on_transfer(received)
            case performatives.FLOW:
                self._on_flow(received.fields(11))
            case performatives.ATTACH:
                attach(self, self.links, received)
            case performatives.DETACH:
                self._on_detach(_uint(received.fields(3)[0]))
            case performatives.DISPOSITION:
                pass  # What the server sends is settled already.
            case _:
                raise DecodeError(f"performative 0x{received.code:02x} in a session")

    def _on_transfer(self, received: Frame) -> None:
        self._next_incoming_id = (self._next_incoming_id + 1) % _IDS
        fields, payload = received.fields_and_payload(11)
        handle = _uint(fields[0])
        link = self.links.get(handle)
        if link is None:
            raise DecodeError(f"a transfer on handle {handle}, where no link is attached")
        if not link.closed:
            link.on_transfer(fields, payload)

    def _on_flow(self, fields: list[object]) -> None:
        if isinstance(fields[0], int):
            self.room = _uint(fields[0]) + _uint(fields[1]) - self._next_outgoing_id
        else:
            self.room = _uint(fields[1])
        if isinstance(fields[4], int):
            link = self.links.get(fields[4])
            if link is not None and not link.closed:
                link.on_flow(fields)
        else:
            self.wake()
        if fields[9]:  # echo
            self.send_flow(None, 0, 0)

    def _on_detach(self, handle: int) -> None:
        link = self.links.pop(handle, None)
        if link is None:
            return
        was_open = not link.closed
        link.release()
        if was_open:
            self.send(performatives.detach(handle, None))

    def wake(self) -> None:
        """All links may go on."""
        for link in self.links.values():
            link.wake()

    def release(self) -> None:
        """The session is over."""
        for link in self.links.values():
            link.release()
        self.links.clear()


def _uint(value: object) -> int:
    return value if isinstance(value, int) else 0
