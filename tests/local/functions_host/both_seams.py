"""Call every function of the app in the directory that is named, through both seams of Microsoft's worker library.

`python -m tests.local.functions_host.both_seams DIRECTORY` writes for each function what either made of one request,
and how it says that it may be retried, as one JSON document. In a process of its own: the library keeps one app.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from azure.eventhub import EventData
from azure.eventhub._pyamqp.message import Message, Properties
from azure_functions_runtime.bindings.datumdef import Datum, datum_as_proto
from azure_functions_runtime.native_invocation import invocation_request_native
from google.protobuf.json_format import MessageToDict

from infra.local.functions_host import worker
from infra.local.functions_host.event_hubs import datums
from infra.local.functions_host.functions import EventHubTrigger, Function, HttpTrigger, read_function
from infra.local.functions_host.http.datums import request_data
from infra.local.functions_host.http.messages import Request
from infra.local.functions_host.invocation import Arguments
from infra.local.functions_host.tracing import Trace
from infra.local.functions_host.worker import Attempt
from infra.local.functions_host.worker_protocol import protos

TRACE = Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1")
ATTEMPT = Attempt(2, -1, "what went wrong before: é")
TIMER = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": True}


def arguments_of(function: Function) -> Arguments:
    trigger = function.trigger
    if isinstance(trigger, HttpTrigger):
        headers = [("host", "h"), ("content-length", "3"), ("x-twice", "1"), ("x-twice", "é")]
        request = Request("POST", "/api/a/b%2Fc", "q=1&q=2&e=", headers, b"\x00\xff\x01")
        return [(trigger.name, request_data(request, {"id": "b%2Fc"}))], {}
    if isinstance(trigger, EventHubTrigger):
        context = {"IsCheckpointingAfterInvocation": True, "PartitionId": "0"}
        if trigger.cardinality == "MANY":
            return datums.many(trigger, [event(7, b"\x00\xff"), event(8, b"")], context)
        return datums.one(trigger, event(7, "é".encode()), context)
    return [(trigger.name, protos.TypedData(json=json.dumps(TIMER)))], {"TimerTrigger": protos.TypedData(string="now")}


def event(number: int, body: bytes) -> EventData:
    annotations: dict[str | bytes, Any] = {
        b"x-opt-sequence-number": number,
        b"x-opt-offset": b"4096",
        b"x-opt-enqueued-time": 1_764_500_000_250,
        b"x-opt-partition-key": b"key",
    }
    properties = Properties(message_id=b"m-1", content_type=b"application/json")
    return EventData._from_message(Message(data=[body], message_annotations=annotations, properties=properties))


async def by_azures_seam(function: Function, arguments: Arguments) -> object:
    request = worker.invocation("id", function.id, *arguments, ATTEMPT, TRACE)
    # Over the wire and back, as Azure's worker gets it.
    result = await worker.invoke(protos.InvocationRequest.FromString(request.SerializeToString()))
    return shown(result.ok, result.returned, list(result.outputs))


async def by_the_native_seam(function: Function, arguments: Arguments) -> object:
    inputs, metadata = arguments
    ok, returned, outputs, _, _ = await invocation_request_native(
        "id",
        function.id,
        [(name, Datum.from_typed_data(data)) for name, data in inputs],
        {name: Datum.from_typed_data(data) for name, data in metadata.items()},
        trace_parent=TRACE.parent,
        trace_state=TRACE.state,
        retry_count=ATTEMPT.count,
        max_retry_count=ATTEMPT.max_count,
        retry_exception=protos.RpcException(message=ATTEMPT.error),
    )
    told = [(name, datum_as_proto(datum, protos)) for name, datum in outputs]
    return shown(ok, returned and datum_as_proto(returned, protos), told)


def shown(ok: bool, returned: Any, outputs: list[tuple[str, Any]]) -> object:
    plain = [(name, MessageToDict(data)) for name, data in outputs]
    return [ok, returned and MessageToDict(returned), plain]


async def main(directory: Path) -> None:
    sys.path.insert(0, str(directory))
    os.chdir(directory)
    answers = {}
    for metadata in await worker.index(directory):
        function = read_function(metadata)
        arguments = arguments_of(function)
        answers[function.name] = {
            "azure": await by_azures_seam(function, arguments),
            "native": await by_the_native_seam(function, arguments),
            "retry": MessageToDict(metadata.retry_options),
        }
    print(json.dumps(answers))
    worker.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).absolute()))
