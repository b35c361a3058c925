"""Waiting for what is said about a file that was handed over."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

from function_app.operator.hubs import follow
from function_app.operator.running import Unknown
from shared.events import BatchCompleted, BatchFailed, BatchStarted, Event, Unreadable, from_cloud_event
from shared.settings.operator import OperatorSettings

type Started = Callable[[BatchStarted], None]


async def answer(
    settings: OperatorSettings, etag: str, since: datetime, timeout_s: float, started: Started
) -> BatchCompleted | BatchFailed:
    """What ends the work on the file of this ETag; `started` hears of each attempt.

    Raises `Unknown` when nothing ended it in time; `NoSettings`, `Refused` and `Unavailable` as reading a hub does.
    """
    try:
        async with asyncio.timeout(timeout_s), aclosing(_about(settings, etag, since)) as events:
            async for event in events:
                if not isinstance(event, BatchStarted):
                    return event
                started(event)
    except TimeoutError as error:
        raise Unknown(f"no answer within {timeout_s:g} s; the work goes on without us") from error
    raise AssertionError("a hub has no end")


async def _about(
    settings: OperatorSettings, etag: str, since: datetime
) -> AsyncGenerator[BatchStarted | BatchCompleted | BatchFailed]:
    async with aclosing(follow(settings, "events", since)) as messages:
        async for message in messages:
            for event in map(_read, message.events()):
                if isinstance(event, BatchStarted | BatchCompleted | BatchFailed) and event.file.etag == etag:
                    yield event


def _read(frame: dict[str, Any]) -> Event | None:
    """None for what this build does not know."""
    try:
        fact: Event = from_cloud_event(frame).data
    except Unreadable:
        return None
    return fact
