"""The frames that a client gets, beside those that Azure sent in the recorded conversations."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

from tests.local.eventhubs.conformance.conftest import Connection
from tests.local.eventhubs.conformance.recorded import FACTS, PUT_TOKEN, SEQUENCE_EPOCH, TRACKING, Fact

pytestmark = pytest.mark.azure_untested
type Frames = dict[tuple[str, str], Any]
_NODES = (b"$cbs", b"$management")


class Conversation(logging.Handler):
    """Keeps the first frame of each kind that came in, by what it belongs to."""

    def __init__(self, own: str) -> None:
        super().__init__()
        self.frames: Frames = {}
        self.put_token: tuple[object, object] | None = None
        self._own = own
        self._of: dict[object, str] = {}  # by handle
        self._last = own

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("CBS Put token result") and isinstance(record.args, tuple):
            _, status, description = record.args
            self.put_token = (status, description)
        if record.msg == "<- %r" and isinstance(record.args, tuple):
            self._keep(record.args[0])

    def _keep(self, frame: Any) -> None:
        kind = type(frame).__name__
        if kind == "AttachFrame":
            node = frame.source[0] if frame.source[0] in _NODES else None
            self._of[frame.handle] = node.decode() if node else self._own
        # A disposition names no link: it is for what was sent last, on the link that heard last.
        handle = getattr(frame, "handle", None)
        of = self._of[handle] if handle is not None else self._last if kind == "DispositionFrame" else self._own
        self._last = of
        self.frames.setdefault((of, kind), frame)


@contextmanager
def listening(own: str) -> Iterator[Conversation]:
    """To what the SDK says of its frames."""
    log, conversation = logging.getLogger("azure.eventhub._pyamqp"), Conversation(own)
    level = log.level
    log.addHandler(conversation)
    log.setLevel(logging.DEBUG)
    try:
        yield conversation
    finally:
        log.setLevel(level)
        log.removeHandler(conversation)


def sent(connection: str, own: str, partition: str | None = None) -> Conversation:
    """One event, and what was said about it."""
    with listening(own) as conversation:
        client = EventHubProducerClient.from_connection_string(connection, logging_enable=True)
        with client:
            client.send_event(EventData(b"recorded"), partition_id=partition)
    return conversation


@pytest.fixture(scope="module")
def conversations(connection: Connection) -> list[Conversation]:
    """Of producers, to the hub and to a partition, and of a consumer."""
    producing = [sent(connection("one"), "producer"), sent(connection("one"), "partition's producer", "0")]
    with listening("consumer") as consuming:
        client = EventHubConsumerClient.from_connection_string(connection("one"), "$Default", logging_enable=True)
        client.receive_batch(lambda _context, _events: client.close(), partition_id="0", starting_position="-1")
    return [*producing, consuming]


@pytest.fixture(scope="module")
def frames(conversations: list[Conversation]) -> Frames:
    return {key: frame for conversation in reversed(conversations) for key, frame in conversation.frames.items()}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.of} {fact.frame} {fact.field}")
def test_a_frame_holds_what_azure_was_recorded_to_send(frames: Frames, fact: Fact) -> None:
    assert getattr(frames[fact.of, fact.frame], fact.field) == fact.value


def test_a_token_is_accepted_with_azure_s_status(conversations: list[Conversation]) -> None:
    assert [conversation.put_token for conversation in conversations] == [PUT_TOKEN] * 3


def test_a_producer_is_told_a_tracking_id(frames: Frames) -> None:
    assert TRACKING in frames["producer", "AttachFrame"].properties


def test_an_event_begins_with_the_epoch_of_its_sequence_number(connection: Connection) -> None:
    seen: list[Any] = []
    client = EventHubConsumerClient.from_connection_string(connection("one"), "$Default")

    def on_batch(_: Any, events: list[Any]) -> None:
        seen.extend(events)
        client.close()

    client.receive_batch(on_batch, partition_id="0", starting_position="-1")
    assert next(iter(seen[0].raw_amqp_message.annotations.items())) == SEQUENCE_EPOCH
