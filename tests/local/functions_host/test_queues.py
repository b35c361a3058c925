"""Queue outputs, which need the package azure-storage-queue."""

import base64
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from tests.local.functions_host.conftest import StartHost
from tests.support.azurite import Azurite
from tests.support.eventually import eventually

queues = pytest.importorskip("azure.storage.queue", reason="azure-storage-queue is not among the requirements")


def test_a_function_fills_a_queue_that_did_not_exist(
    start_host: StartHost, connections: dict[str, str], azurite: Azurite
) -> None:
    start_host("queues", {**connections, "QUEUE": "filled"}).start()
    queue = queues.QueueClient.from_connection_string(azurite.connection_string, "filled")
    eventually(lambda: _length(queue) == 2)
    messages = [base64.b64decode(message.content).decode() for message in queue.receive_messages()]
    assert sorted(messages) == ["text", '{"a":1}']


def _length(queue: Any) -> int:
    try:
        return int(queue.get_queue_properties().approximate_message_count)
    except ResourceNotFoundError:
        return 0
