"""One function that fails or waits as the settings' files say, to be stopped and killed in the middle."""

import asyncio
import os
import typing
from pathlib import Path

import azure.functions as func
from record import record  # type: ignore[import-not-found]

app = func.FunctionApp()

Events = typing.List[func.EventHubEvent]  # noqa: UP006 - the worker library knows no other list


def told_to(setting: str) -> bool:
    return Path(os.environ[setting]).exists()


@app.event_hub_message_trigger(arg_name="events", event_hub_name="%HUB%", connection="EVENTS", data_type="binary")
@app.retry(
    strategy="exponential_backoff", max_retry_count="-1", minimum_interval="00:00:00", maximum_interval="00:00:01"
)
async def hold(events: Events, context: func.Context) -> None:
    bodies = [event.get_body().decode() for event in events]
    partition = (events[0].metadata or {})["PartitionContext"]["PartitionId"]
    retry = context.retry_context.retry_count
    record("begins", bodies=bodies, invocation=context.invocation_id, retry=retry, partition=partition, pid=os.getpid())
    while told_to("HOLD"):  # noqa: ASYNC110 - the test in the other process has nothing better than a file
        await asyncio.sleep(0.02)
    if told_to("FAIL"):
        await asyncio.sleep(0.05)
        raise RuntimeError("told to fail")
    record("ends", bodies=bodies)
