"""Running a function by hand, as `POST /admin/functions/<name>` does."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from azure.eventhub import EventData
from azure.eventhub._pyamqp.message import Message, Properties

from infra.local.functions_host.event_hubs import datums
from infra.local.functions_host.functions import EventHubTrigger, Function, HttpTrigger
from infra.local.functions_host.http.datums import request_data
from infra.local.functions_host.http.messages import Request
from infra.local.functions_host.invocation import Arguments, Invoker
from infra.local.functions_host.timers.listener import invoke_timer


class ByHand:
    """Accepts a run and performs it in the background; `stop` ends its retries."""

    def __init__(self, functions: Sequence[Function], invoker: Invoker, stop: asyncio.Event) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._invoker = invoker
        self._stop = stop
        self._runs: set[asyncio.Task[object]] = set()

    async def run(self, name: str, given: str) -> int:
        """202 when accepted, 404 for an unknown function."""
        function = self._functions.get(name.lower())
        if function is None:
            return 404
        run = asyncio.create_task(self._run(function, given))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return 202

    async def _run(self, function: Function, given: str) -> object:
        if isinstance(function.trigger, HttpTrigger):
            arguments = _request(function.trigger, given)
            return await self._invoker.invoke(function, lambda: arguments)
        if isinstance(function.trigger, EventHubTrigger):
            arguments = _event(function.trigger, given)
            return await self._invoker.invoke_with_retries(function, lambda: arguments, self._stop)
        return await invoke_timer(function, self._invoker, self._stop)


def _request(trigger: HttpTrigger, text: str) -> Arguments:
    """A request that came from nobody."""
    request = Request("POST", "/", "", [("host", "localhost")], text.encode())
    return [(trigger.name, request_data(request, {}))], {}


def _event(trigger: EventHubTrigger, text: str) -> Arguments:
    """An event that came from no hub: its sequence number and offset are 0."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    annotations: dict[str | bytes, Any] = {
        b"x-opt-sequence-number": 0,
        b"x-opt-offset": b"0",
        b"x-opt-enqueued-time": now,
    }
    message = Message(data=[text.encode()], message_annotations=annotations, properties=Properties())
    event = EventData._from_message(message)
    context = {"IsCheckpointingAfterInvocation": False, "EventHubName": trigger.event_hub_name, "PartitionId": "0"}
    if trigger.cardinality == "MANY":
        return datums.many(trigger, [event], context)
    return datums.one(trigger, event, context)
