"""Timers of every kind."""

import asyncio

import azure.functions as func
from record import record  # type: ignore[import-not-found]

app = func.FunctionApp()


def status_of(timer: func.TimerRequest) -> object:
    return timer.schedule_status  # type: ignore[attr-defined]


@app.schedule(schedule="%EVERY_SECOND%", arg_name="timer", use_monitor=False)
async def every_second(timer: func.TimerRequest, context: func.Context) -> None:
    record("every_second", past_due=timer.past_due, status=status_of(timer), invocation=context.invocation_id)


@app.schedule(schedule="0 0 0 1 1 *", arg_name="timer")
async def yearly(timer: func.TimerRequest) -> None:
    record("yearly", past_due=timer.past_due, status=status_of(timer))


@app.schedule(schedule="0 0 0 1 1 *", arg_name="timer", run_on_startup=True, use_monitor=False)
async def at_start(timer: func.TimerRequest) -> None:
    record("at_start", past_due=timer.past_due)


@app.schedule(schedule="00:00:00.2", arg_name="timer", use_monitor=False)
async def slow(timer: func.TimerRequest) -> None:
    record("slow begins")
    await asyncio.sleep(0.5)
    record("slow ends")


@app.schedule(schedule="00:00:00.2", arg_name="timer", use_monitor=False)
@app.retry(strategy="fixed_delay", max_retry_count="1", delay_interval="00:00:00")
async def failing(timer: func.TimerRequest, context: func.Context) -> None:
    record("failing", invocation=context.invocation_id, retry=context.retry_context.retry_count)
    raise RuntimeError("always")
