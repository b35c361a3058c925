"""Functions that never end, one with a retry policy and one without."""

import asyncio
import os
import typing

import azure.functions as func
from record import record  # type: ignore[import-not-found]

app = func.FunctionApp()

Events = typing.List[func.EventHubEvent]  # noqa: UP006 - the worker library knows no other list


async def hang(what: str, events: Events, context: func.Context) -> None:
    bodies = [event.get_body().decode() for event in events]
    record(what, bodies=bodies, retry=context.retry_context.retry_count, pid=os.getpid())
    if "bad" in bodies:
        await asyncio.sleep(3600)


@app.event_hub_message_trigger(arg_name="events", event_hub_name="overrun", connection="EVENTS", data_type="binary")
async def hangs(events: Events, context: func.Context) -> None:
    await hang("hangs", events, context)


@app.event_hub_message_trigger(arg_name="events", event_hub_name="overran", connection="EVENTS", data_type="binary")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
async def hangs_again(events: Events, context: func.Context) -> None:
    await hang("hangs_again", events, context)
