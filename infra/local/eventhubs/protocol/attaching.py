"""Attach: which kind of link an address asks for, whether the peer may have it, and the answer."""

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.frames import Frame
from infra.local.eventhubs.amqp.values import DecodeError, Described, Raw, Symbol, UInt
from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.detaching import BUSY
from infra.local.eventhubs.protocol.addresses import consumer_address, node_of, producer_address
from infra.local.eventhubs.protocol.consumer_link import ConsumerLink
from infra.local.eventhubs.protocol.link import MAX_MESSAGE_SIZE, Link
from infra.local.eventhubs.protocol.peer import Channel
from infra.local.eventhubs.protocol.producer_link import ProducerLink
from infra.local.eventhubs.protocol.requests import NODES, ReplyLink, RequestLink
from infra.local.eventhubs.protocol.tracking import tracking_id

_TRACKING, _TIMEOUT = Symbol("com.microsoft:tracking-id"), Symbol("com.microsoft:timeout")
_NULL = b"\x40"
_LAST_MODE, _LONGEST_TIMEOUT = 2, 2**32 - 1


class Attach:
    """An attach performative, decoded where the server looks and raw where it only echoes."""

    def __init__(self, frame: Frame) -> None:
        self.raw = frame.raw_fields(14)
        handle, role = decode(self.raw[1])[0], decode(self.raw[2])[0]
        if not isinstance(handle, int) or not isinstance(role, bool):
            raise DecodeError("attach: handle and role are expected")
        self.handle = handle
        self.peer_receives = role
        self.source = decode(self.raw[5])[0]
        self.target = decode(self.raw[6])[0]
        self.max_message_size = _number(decode(self.raw[10])[0], performatives.ANY_SIZE)
        properties = decode(self.raw[13])[0]
        self.properties = properties if isinstance(properties, dict) else {}
        desired = decode(self.raw[12])[0]
        self.desired = desired if isinstance(desired, list) else [desired]

    @property
    def address(self) -> str:
        """Of the node on our side of the link."""
        return _address(self.source if self.peer_receives else self.target)

    @property
    def own_role(self) -> bool:
        """The server's on this link."""
        return performatives.SENDER if self.peer_receives else performatives.RECEIVER

    @property
    def node(self) -> str:
        """`$cbs` or `$management` where the address is one of them, also one below a hub; else empty."""
        last = node_of(self.address)[-1].lower()
        return last if last in NODES else ""

    @property
    def sends_events(self) -> bool:
        """Whether this is a producer's link."""
        return not self.peer_receives and not self.node

    @property
    def settle_modes(self) -> tuple[int, int]:
        """Of sender and receiver, as they will be: the peer's own as asked for; events are delivered settled."""
        sender, receiver = (_number(decode(raw)[0], _LAST_MODE) for raw in self.raw[3:5])
        if not self.peer_receives:
            return sender, 0
        return sender if self.node else performatives.SETTLED, receiver

    @property
    def own_address(self) -> str:
        """Of the peer's side, which replies may be sent to."""
        return _address(self.target if self.peer_receives else self.source)


def _address(terminus: object) -> str:
    fields = terminus.value if isinstance(terminus, Described) else None
    address = fields[0] if isinstance(fields, list) and fields else None
    return address.decode() if isinstance(address, bytes) else address if isinstance(address, str) else ""


def attach(session: Channel, links: dict[int, Link], frame: Frame) -> None:
    """Answer with an attach in any case, as AMQP wants it, followed by a detach when the link is refused."""
    asked = Attach(frame)
    stale = links.pop(asked.handle, None)
    if stale is not None:
        stale.release()
    try:
        link = _link(session, asked)
    except Refused as refusal:
        refused = links[asked.handle] = Link(session, asked.handle)
        session.send(performatives.refused_attach(asked.raw[0], asked.handle, asked.own_role))
        refused.fail(refusal.condition, refusal.description)
        return
    links[asked.handle] = link
    _answer(session, asked)
    link.attached()


def _answer(session: Channel, asked: Attach) -> None:
    source = _or_empty(asked.raw[5], performatives.SOURCE)
    target = _or_empty(asked.raw[6], performatives.TARGET)
    # A reader is held to the size it asked for itself, so that it gets every event that was accepted.
    size = MAX_MESSAGE_SIZE if asked.sends_events else asked.max_message_size or performatives.ANY_SIZE
    properties = _told(asked) if asked.sends_events else None
    answer = performatives.attach(
        asked.raw[0], asked.handle, asked.own_role, asked.settle_modes, (source, target), size, properties
    )
    session.send(answer)


def _told(asked: Attach) -> dict[object, object]:
    timeout_s = _number(asked.properties.get(_TIMEOUT), _LONGEST_TIMEOUT)
    told: dict[object, object] = {_TIMEOUT: UInt(timeout_s)} if timeout_s else {}
    return {**told, _TRACKING: tracking_id()}


def _number(value: object, most: int) -> int:
    """What a peer says, 0 where it says nothing of use."""
    return value if isinstance(value, int) and 0 <= value <= most else 0


def _or_empty(terminus: Raw, descriptor: int) -> object:
    return Described(descriptor, [None] * 11) if terminus == _NULL else terminus


def _link(session: Channel, asked: Attach) -> Link:
    if asked.node and asked.peer_receives:
        settled = asked.settle_modes[0] == performatives.SETTLED
        return ReplyLink(session, asked.handle, asked.node, asked.own_address, settled)
    if asked.node:
        return RequestLink(session, asked.handle, asked.node)
    if asked.peer_receives:
        return _consumer(session, asked)
    return _producer(session, asked)


def _producer(session: Channel, asked: Attach) -> Link:
    address = producer_address(asked.address)
    session.connection.claims.demand(asked.address, "Send")
    hub = session.connection.broker.hub(address.hub)
    partition = hub.partition(address.partition) if address.partition is not None else None
    link = ProducerLink(session, asked.handle, hub, partition, address.publisher)
    link.needs = (asked.address, "Send")
    return link


def _consumer(session: Channel, asked: Attach) -> Link:
    address = consumer_address(asked.address)
    session.connection.claims.demand(asked.address, "Listen")
    hub = session.connection.broker.hub(address.hub)
    if address.group.lower() not in hub.groups:
        entity = f"{hub.name}/ConsumerGroups/{address.group}"
        raise Refused("amqp:not-found", f"The messaging entity '{entity}' could not be found.")
    if hub.faults.refuses_receiver():
        raise Refused("com.microsoft:server-busy", BUSY)
    partition = hub.partition(address.partition)
    link = ConsumerLink(session, asked.handle, hub, partition, hub.groups[address.group.lower()])
    link.start(asked.source, asked.properties, asked.desired)
    link.needs = (asked.address, "Listen")
    return link
