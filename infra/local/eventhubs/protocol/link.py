"""What all links share: flow of attach and detach, and the frames of one incoming delivery put together."""

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.values import Described
from infra.local.eventhubs.protocol.peer import Channel
from infra.local.eventhubs.protocol.tracking import error

MAX_MESSAGE_SIZE = 1024 * 1024


class Link:
    """One link of a session.

    `hub` is the hub it belongs to in lower case, empty for the request-reply nodes; `needs` the address and the right
    that a token has to allow as long as the link stands.
    """

    hub = ""
    needs: tuple[str, str] | None = None

    def __init__(self, session: Channel, handle: int) -> None:
        self.session = session
        self.handle = handle
        self.closed = False

    def attached(self) -> None:
        """The attach was answered; called once."""

    def on_flow(self, fields: list[object]) -> None:
        """The peer said how much it can take."""

    def on_transfer(self, fields: list[object], payload: memoryview) -> None:
        """A transfer frame arrived."""

    def wake(self) -> None:
        """Something that held this link up may be gone."""

    def release(self) -> None:
        """The link is gone; let go of whatever it held. May be called twice."""
        self.closed = True

    def fail(self, condition: str, description: str) -> None:
        """Detach with an error; the peer answers with its own detach."""
        if self.closed:
            return
        self.release()
        self.session.send(performatives.detach(self.handle, error(condition, description)))


class Delivery:
    """One complete incoming delivery."""

    __slots__ = ("identifier", "message_format", "oversized", "payload", "settled")

    def __init__(self, identifier: int, message_format: int, settled: bool, payload: bytes, oversized: bool) -> None:
        self.identifier = identifier
        self.message_format = message_format
        self.settled = settled
        self.payload = payload
        self.oversized = oversized


class IncomingLink(Link):
    """A link on which the peer sends: joins frames, keeps the peer supplied with credit."""

    def __init__(self, session: Channel, handle: int, full_credit: int) -> None:
        super().__init__(session, handle)
        self._full_credit = self._credit = full_credit
        self._delivery_count = 0
        self._pieces: list[memoryview] = []
        self._size = 0
        self._first: list[object] | None = None

    def attached(self) -> None:
        self.session.send_flow(self.handle, self._delivery_count, self._credit)

    def on_transfer(self, fields: list[object], payload: memoryview) -> None:
        if self._first is None:
            self._first = fields
        self._size += len(payload)
        if self._size <= MAX_MESSAGE_SIZE:
            self._pieces.append(payload)
        if fields[5]:  # more
            return
        first, pieces, oversized = self._first, self._pieces, self._size > MAX_MESSAGE_SIZE
        self._first, self._pieces, self._size = None, [], 0
        if fields[9]:  # aborted
            return
        self._count()
        identifier, message_format = _number(first[1]), _number(first[3])
        settled = bool(first[4] or fields[4])
        self.on_delivery(Delivery(identifier, message_format, settled, b"".join(pieces), oversized))

    def _count(self) -> None:
        self._delivery_count += 1
        self._credit -= 1
        if self._credit < self._full_credit // 2:
            self._credit = self._full_credit
            self.session.send_flow(self.handle, self._delivery_count, self._credit)

    def on_delivery(self, delivery: Delivery) -> None:
        """A whole delivery arrived."""
        raise NotImplementedError

    def accept(self, delivery: Delivery) -> None:
        """Settle as accepted."""
        if not delivery.settled and not self.closed:
            self.session.send_disposition(delivery.identifier, performatives.ACCEPTED)

    def reject(self, delivery: Delivery, condition: str, description: str) -> None:
        """Settle as rejected; a delivery that came settled has nobody to be told."""
        if not delivery.settled and not self.closed:
            rejected = Described(performatives.REJECTED, [error(condition, description)])
            self.session.send_disposition(delivery.identifier, rejected)


class OutgoingLink(Link):
    """A link on which the server sends: counts credit and cuts messages into frames."""

    def __init__(self, session: Channel, handle: int) -> None:
        super().__init__(session, handle)
        self.credit = 0
        self._delivery_count = 0
        self.encoder = performatives.TransferEncoder(handle)

    def on_flow(self, fields: list[object]) -> None:
        self.credit = _number(fields[5]) + _number(fields[6]) - self._delivery_count
        if fields[8]:  # drain
            self.drain()
        self.wake()

    def drain(self) -> None:
        """Send what there is and give the rest of the credit back."""
        before = None
        while self.credit != before:
            before = self.credit
            self.pump()
        self._delivery_count += max(0, self.credit)
        self.credit = 0
        self.session.send_flow(self.handle, self._delivery_count, 0, drain=True)

    def pump(self) -> None:
        """Send what can be sent now."""
        raise NotImplementedError

    def release(self) -> None:
        super().release()
        self.session.drop_waiting(self.handle)

    def deliver(self, message: bytes) -> None:
        """Send one message; the caller checked that there is credit and some room."""
        self.session.send_delivery(self, message)
        self._delivery_count += 1
        self.credit -= 1


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
