"""Event Hubs functions, each on a hub of its own."""

import asyncio
import json
import typing

import azure.functions as func
from record import record  # type: ignore[import-not-found]

app = func.FunctionApp()

Events = typing.List[func.EventHubEvent]  # noqa: UP006 - the worker library knows no other list


def seen(event: func.EventHubEvent) -> dict[str, object]:
    moment = event.enqueued_time
    return {
        "body": event.get_body().decode(),
        "sequence_number": event.sequence_number,
        "offset": event.offset,
        "partition_key": event.partition_key,
        "enqueued_time": moment and moment.isoformat(),
        "zone": moment and str(moment.tzinfo),
    }


@app.event_hub_message_trigger(arg_name="events", event_hub_name="%MANY%", connection="EVENTS", data_type="binary")
async def many(events: Events, context: func.Context) -> None:
    record("many", events=[seen(event) for event in events], metadata=events[0].metadata)


@app.event_hub_message_trigger(arg_name="event", event_hub_name="single", connection="EVENTS", cardinality="one")
async def one(event: func.EventHubEvent) -> None:
    record("one", **seen(event), metadata=event.metadata)
    await asyncio.sleep(0.05)
    record("one ends", body=event.get_body().decode())


@app.event_hub_message_trigger(arg_name="events", event_hub_name="failing", connection="EVENTS", data_type="binary")
async def failing(events: Events) -> None:
    bodies = [event.get_body().decode() for event in events]
    record("failing", bodies=bodies)
    if "bad" in bodies:
        raise RuntimeError("a bad event")


@app.event_hub_message_trigger(arg_name="events", event_hub_name="retried", connection="EVENTS", data_type="binary")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
async def retried(events: Events, context: func.Context) -> None:
    retry = context.retry_context
    bodies = [event.get_body().decode() for event in events]
    record(
        "retried", bodies=bodies, invocation=context.invocation_id, count=retry.retry_count, of=retry.max_retry_count
    )
    if "bad" in bodies:
        raise RuntimeError("a bad event")


@app.event_hub_message_trigger(arg_name="events", event_hub_name="unreadable", connection="EVENTS", data_type="binary")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
async def unreadable(events: Events) -> None:
    record("unreadable", bodies=[event.get_body().decode() for event in events])


@app.event_hub_message_trigger(arg_name="events", event_hub_name="texts", connection="EVENTS", data_type="string")
async def texts(events: Events) -> None:
    record("texts", bodies=[event.get_body().decode() for event in events])


@app.event_hub_message_trigger(arg_name="events", event_hub_name="untyped", connection="EVENTS")
async def untyped(events: Events) -> None:
    record("untyped", bodies=[event.get_body().decode() for event in events])


@app.event_hub_message_trigger(arg_name="events", event_hub_name="source", connection="EVENTS", data_type="binary")
@app.event_hub_output(arg_name="out", event_hub_name="sink", connection="EVENTS")
async def forward(events: Events, out: func.Out[str]) -> None:
    record("forward", count=len(events))
    first = events[0].get_body().decode()
    out.set("x" * 2_000_000 if first == "oversize" else json.dumps([first, {"a": [1, 2]}, 3]))


@app.event_hub_message_trigger(arg_name="events", event_hub_name="sink", connection="EVENTS", data_type="binary")
async def sink(events: Events) -> None:
    for event in events:
        record("sink", **seen(event))
