"""What arrives at a hub, read by the real SDK from the first message on."""

import json
import threading
from dataclasses import dataclass
from typing import Any, Self

from azure.eventhub import EventHubConsumerClient

from tests.support.eventually import eventually


@dataclass(frozen=True)
class Message:
    """`body` is the parsed JSON of the whole message."""

    body: Any
    partition_key: str
    properties: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = self.body[0]
        return event


class Inbox:
    """Reads in a thread of its own between `with` and its end."""

    def __init__(self, connection: str) -> None:
        self._client = EventHubConsumerClient.from_connection_string(connection, "$Default")
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self.messages: list[Message] = []

    def _receive(self) -> None:
        self._client.receive(self._take, starting_position="-1")

    def _take(self, _: Any, event: Any) -> None:
        properties = {_text(key): _text(value) for key, value in (event.properties or {}).items()}
        self.messages.append(Message(json.loads(event.body_as_str()), _text(event.partition_key), properties))

    def about(self, name: str, kind: str = "") -> list[dict[str, Any]]:
        """Events of a type's short name whose subject mentions a name, as they arrived."""
        events = [message.event for message in self.messages]
        return [event for event in events if name in event["subject"] and event["type"].endswith(kind)]

    def wait(self, name: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
        return eventually(lambda: found if len(found := self.about(name, kind)) >= count else [])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._thread.join(timeout=10)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
