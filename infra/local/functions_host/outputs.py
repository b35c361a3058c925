"""Output bindings: what a function returns or sets is sent with the real SDKs and flushed before it has succeeded."""

import base64
import contextlib
import importlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from azure.core.exceptions import ResourceExistsError
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient

from infra.local.functions_host.connections import Connection, event_hubs_connection, queue_connection
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import EventHubOutput, Function, QueueOutput
from infra.local.functions_host.worker import TypedData

Content = str | bytes


class Sender(Protocol):
    """Sends all contents or raises; does not reorder them."""

    async def send(self, contents: Sequence[Content]) -> None: ...

    async def close(self) -> None: ...


def contents_of(data: TypedData) -> list[Content]:
    """One content per element when the text is a JSON array, else the whole: the rule of the real host."""
    kind = data.WhichOneof("data")
    if kind is None:
        return []
    value = getattr(data, kind)
    if isinstance(value, bytes):
        return [value]
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        parsed = json.loads(text)
    except ValueError:
        return [text]
    if not isinstance(parsed, list):
        return [text]
    compact = (",", ":")
    return [item if isinstance(item, str) else json.dumps(item, separators=compact) for item in parsed]


class EventHubSender:
    """Batches up to the link's size; events carry no partition key, so the hub spreads them."""

    def __init__(self, connection: Connection, hub: str) -> None:
        if connection.text:
            hub = connection.entity_path or hub
            self._client = EventHubProducerClient.from_connection_string(connection.text, eventhub_name=hub)
        else:
            namespace, credential = str(connection.endpoint), connection.credential()
            self._client = EventHubProducerClient(namespace, hub, credential, use_tls=not connection.plain)

    async def send(self, contents: Sequence[Content]) -> None:
        """Raises `ValueError` for an event above the hub's maximum size."""
        batch = await self._client.create_batch()
        for content in contents:
            event = EventData(content)
            try:
                batch.add(event)
            except ValueError:
                if not len(batch):
                    raise
                await self._client.send_batch(batch)
                batch = await self._client.create_batch()
                batch.add(event)
        if len(batch):
            await self._client.send_batch(batch)

    async def close(self) -> None:
        await self._client.close()


class QueueSender:
    """Creates the queue on first use, as the real binding does."""

    def __init__(self, connection: Connection, queue: str, encoding: str) -> None:
        self._client = _queue_client(connection, queue)
        self._encoding = encoding
        self._created = False

    async def send(self, contents: Sequence[Content]) -> None:
        if not self._created:
            await self._create()
        for content in contents:
            await self._client.send_message(self._encode(content))

    async def close(self) -> None:
        await self._client.close()

    def _encode(self, content: Content) -> str:
        raw = content.encode() if isinstance(content, str) else content
        return base64.b64encode(raw).decode() if self._encoding == "base64" else raw.decode()

    async def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            await self._client.create_queue()
        self._created = True


def _queue_client(connection: Connection, queue: str) -> Any:
    try:
        client = importlib.import_module("azure.storage.queue.aio").QueueClient
    except ImportError as error:
        raise HostError(f"queue output {queue!r} needs the package azure-storage-queue: {error}") from error
    if connection.text:
        return client.from_connection_string(connection.text, queue)
    return client(connection.endpoint, queue, credential=connection.credential())


class Outputs:
    """The senders of an app, one per destination, opened when the app starts."""

    def __init__(self, functions: Sequence[Function], queue_encoding: str) -> None:
        self._by_binding: dict[tuple[str, str], Sender] = {}
        senders: dict[tuple[str, str], Sender] = {}
        for function in functions:
            for output in function.outputs:
                if isinstance(output, EventHubOutput | QueueOutput):
                    sender = _sender(function.name, output, queue_encoding, senders)
                    self._by_binding[function.name, output.name] = sender
        self._senders = senders

    async def send(self, function: Function, values: Sequence[tuple[str, TypedData]]) -> None:
        for name, data in values:
            sender = self._by_binding.get((function.name, name))
            if sender is not None and (contents := contents_of(data)):
                await sender.send(contents)

    async def close(self) -> None:
        for sender in self._senders.values():
            await sender.close()


def _sender(
    function: str, output: EventHubOutput | QueueOutput, encoding: str, known: dict[tuple[str, str], Sender]
) -> Sender:
    if isinstance(output, EventHubOutput):
        connection, place = event_hubs_connection(function, output.connection), output.event_hub_name
    else:
        connection, place = queue_connection(function, output.connection), output.queue_name
    key = (connection.name, place)
    if key not in known:
        is_hub = isinstance(output, EventHubOutput)
        known[key] = EventHubSender(connection, place) if is_hub else QueueSender(connection, place, encoding)
    return known[key]
