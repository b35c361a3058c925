"""Sessions: frames of one channel go to their links, and the links' frames out with the session's numbers on them."""

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.frames import Frame, frame
from infra.local.eventhubs.amqp.performatives import PIECES
from infra.local.eventhubs.amqp.values import DecodeError, Described
from infra.local.eventhubs.protocol.attaching import attach
from infra.local.eventhubs.protocol.link import Link
from infra.local.eventhubs.protocol.peer import Host, Sending
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
    """One session: both peers' windows count transfer frames, whichever link they are on."""

    def __init__(self, connection: Connected, channel: int, begin: list[object]) -> None:
        self.connection = connection
        self.channel = channel
        self.links: dict[int, Link] = {}
        self._next_incoming_id = _uint(begin[1])
        self._next_outgoing_id = 0
        self._next_delivery_id = 0
        self._peer_window = _uint(begin[2])
        self._own_window = int(performatives.INCOMING_WINDOW)
        self._waiting: deque[tuple[int, bytes]] = deque()  # handle and frame, for want of the peer's window

    @property
    def room(self) -> int:
        """Number of transfer frames that the peer will still take."""
        return 0 if self._waiting else self._peer_window

    def send(self, performative: bytes) -> None:
        """One frame without payload on this channel."""
        self.connection.send(frame(self.channel, performative))

    def send_flow(self, handle: int | None, delivery_count: int, credit: int, drain: bool = False) -> None:
        """The session's numbers, and a link's when a handle is given; our window is open again with it."""
        self._own_window = int(performatives.INCOMING_WINDOW)
        self.send(
            performatives.flow(self._next_incoming_id, self._next_outgoing_id, handle, delivery_count, credit, drain)
        )

    def send_disposition(self, delivery: int, state: Described) -> None:
        """Settle one incoming delivery."""
        self.send(performatives.disposition(performatives.RECEIVER, delivery, delivery, state))

    def send_delivery(self, link: Sending, message: bytes) -> None:
        """One message in as many transfer frames as it takes; those beyond the peer's window wait."""
        size = self.connection.peer_max_frame_size
        pieces = link.encoder.frames(self.channel, self._next_delivery_id, message, size)
        self._next_delivery_id = (self._next_delivery_id + 1) % _IDS
        count = min(self.room, len(pieces) // PIECES)
        self._send_transfers(count, pieces[: count * PIECES])
        for at in range(count * PIECES, len(pieces), PIECES):
            self._waiting.append((link.handle, b"".join(pieces[at : at + PIECES])))

    def _send_transfers(self, count: int, pieces: list[bytes]) -> None:
        self._next_outgoing_id = (self._next_outgoing_id + count) % _IDS
        self._peer_window -= count
        self.connection.send(*pieces)

    def _send_waiting(self) -> None:
        count = min(self._peer_window, len(self._waiting))
        self._send_transfers(count, [self._waiting.popleft()[1] for _ in range(count)])

    def drop_waiting(self, handle: int) -> None:
        """Its link is gone: forget the frames that wait."""
        self._waiting = deque(each for each in self._waiting if each[0] != handle)

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
        self._own_window -= 1
        fields, payload = received.fields_and_payload(11)
        handle = _uint(fields[0])
        link = self.links.get(handle)
        if link is None:
            raise DecodeError(f"a transfer on handle {handle}, where no link is attached")
        if not link.closed:
            link.on_transfer(fields, payload)
        if self._own_window < performatives.INCOMING_WINDOW // 2:
            self.send_flow(None, 0, 0)

    def _on_flow(self, fields: list[object]) -> None:
        # The peer may not have seen what is under way; before our begin reached it, it does not say what it saw.
        under_way = (self._next_outgoing_id - _uint(fields[0])) % _IDS
        self._peer_window = max(0, _uint(fields[1]) - under_way)
        self._send_waiting()
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
