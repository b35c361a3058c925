"""Attach: which kind of link an address asks for, whether the peer may have it, and the answer."""

from infra.local.eventhubs.amqp import performatives
from infra.local.eventhubs.amqp.decode import decode
from infra.local.eventhubs.amqp.frames import Frame
from infra.local.eventhubs.amqp.values import DecodeError, Described, Raw
from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.addresses import consumer_address, node_of, producer_address
from infra.local.eventhubs.protocol.consumer_link import ConsumerLink
from infra.local.eventhubs.protocol.link import MAX_MESSAGE_SIZE, Link
from infra.local.eventhubs.protocol.peer import Channel
from infra.local.eventhubs.protocol.producer_link import ProducerLink
from infra.local.eventhubs.protocol.requests import NODES, ReplyLink, RequestLink

_NULL = b"\x40"


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
        properties = decode(self.raw[13])[0]
        self.properties = properties if isinstance(properties, dict) else {}
        desired = decode(self.raw[12])[0]
        self.desired = desired if isinstance(desired, list) else [desired]

    @property
    def address(self) -> str:
        """Of the node on our side of the link."""
        return _address(self.source if self.peer_receives else self.target)

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
        refused = Link(session, asked.handle)
        links[asked.handle] = refused
        _answer(session, asked)
        refused.fail(refusal.condition, refusal.description)
        return
    links[asked.handle] = link
    _answer(session, asked)
    link.attached()


def _answer(session: Channel, asked: Attach) -> None:
    source = _or_empty(asked.raw[5], performatives.SOURCE)
    target = _or_empty(asked.raw[6], performatives.TARGET)
    role = performatives.SENDER if asked.peer_receives else performatives.RECEIVER
    session.send(performatives.attach(asked.raw[0], asked.handle, role, source, target, MAX_MESSAGE_SIZE))


def _or_empty(terminus: Raw, descriptor: int) -> object:
    return Described(descriptor, [None] * 11) if terminus == _NULL else terminus


def _link(session: Channel, asked: Attach) -> Link:
    node = node_of(asked.address)[-1].lower()
    if node in NODES:
        if asked.peer_receives:
            return ReplyLink(session, asked.handle, node, asked.own_address)
        return RequestLink(session, asked.handle, node)
    if asked.peer_receives:
        return _consumer(session, asked)
    return _producer(session, asked)


def _producer(session: Channel, asked: Attach) -> Link:
    address = producer_address(asked.address)
    session.connection.demand(address.hub, "Send")
    hub = session.connection.broker.hub(address.hub)
    partition = hub.partition(address.partition) if address.partition is not None else None
    return ProducerLink(session, asked.handle, hub, partition, address.publisher)


def _consumer(session: Channel, asked: Attach) -> Link:
    address = consumer_address(asked.address)
    session.connection.demand(address.hub, "Listen")
    hub = session.connection.broker.hub(address.hub)
    if address.group.lower() not in hub.groups:
        raise Refused("amqp:not-found", f"The consumer group '{address.group}' of '{hub.name}' could not be found.")
    partition = hub.partition(address.partition)
    link = ConsumerLink(session, asked.handle, hub, partition, hub.groups[address.group.lower()])
    link.start(asked.source, asked.properties, asked.desired)
    return link
