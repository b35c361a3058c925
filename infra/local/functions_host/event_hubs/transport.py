"""The SDK's AMQP transport, driven by arrivals instead of by polling.

azure-eventhub 5.15.1 looks for events every 50 ms per partition and reads its link in turns of 200 ms: some twenty-five
wake-ups per second and partition, which an idle system of two dozen partitions pays for all day, and each event waits
for up to both sleeps. Here the two tasks wake each other. Private names of the SDK are used, hence its exact pin.
"""

import asyncio
from typing import Any

from azure.eventhub._pyamqp import error as errors
from azure.eventhub.aio._transport._pyamqp_transport_async import PyamqpTransportAsync

# How long an idle link blocks in one read; also how long a keep-alive or a credit can be late.
IDLE_READ_S = 2.0


class ArrivalDrivenTransport(PyamqpTransportAsync):
    """Receives in batches only, without the SDK's `max_wait_time`."""

    @staticmethod
    async def message_received_async(consumer: Any, message: Any) -> None:
        consumer._message_buffer.append(message)
        consumer.arrived.set()

    @staticmethod
    async def receive_messages_async(
        consumer: Any, batch: bool, max_batch_size: int, max_wait_time: float | None
    ) -> None:
        """Deliver batches of one partition until its link is lost or the task is cancelled."""
        consumer.arrived, consumer.drained = asyncio.Event(), asyncio.Event()
        consumer._callback_task_run = True
        delivering = asyncio.create_task(_deliver(consumer, max_batch_size))
        receiving = asyncio.create_task(_receive(consumer, max_batch_size))
        try:
            await asyncio.gather(delivering, receiving)
        finally:
            consumer._callback_task_run = False
            for task in (delivering, receiving):
                if not task.done():
                    await asyncio.wait([task], timeout=1)


async def _deliver(consumer: Any, max_batch_size: int) -> None:
    buffer = consumer._message_buffer
    while consumer._callback_task_run:
        if not buffer:
            consumer.arrived.clear()
            await consumer.arrived.wait()
            continue
        events = [consumer._next_message_in_buffer() for _ in range(min(max_batch_size, len(buffer)))]
        consumer.drained.set()
        await consumer._on_event_received(events)


async def _receive(consumer: Any, max_batch_size: int) -> None:
    failures = 0
    try:
        while consumer._callback_task_run:
            try:
                if not await _receive_once(consumer, max_batch_size):
                    return
            except Exception as error:
                if _is_stolen(error):
                    raise await consumer._handle_exception(error) from error
                # A refused link never ran, and is no consumer that was closed: the SDK's own loop tells nobody of it.
                if not consumer.running and not isinstance(error, errors.AMQPLinkError):
                    return
                await _resume_after(consumer, error, failures)
                failures += 1
    finally:
        consumer._callback_task_run = False
        consumer.arrived.set()


async def _receive_once(consumer: Any, max_batch_size: int) -> bool:
    """Read what the link brings; False when it was shut down."""
    await consumer._open()
    consumer._client.on_link_open(consumer._partition)
    if len(consumer._message_buffer) > max_batch_size:
        consumer.drained.clear()
        await consumer.drained.wait()
        return True
    handler = consumer._handler
    handler._socket_timeout = IDLE_READ_S
    # Reading more frames than there is credit for would block although the link has to be given credit first.
    credit = max(1, handler._link.current_link_credit or consumer._prefetch)
    running: bool = await handler.do_work_async(batch=credit)
    await asyncio.sleep(0)
    return running


async def _resume_after(consumer: Any, error: Exception, failures: int) -> None:
    """Let the SDK back off and reconnect behind the last event; raise once its retries are used up."""
    if consumer._last_received_event:
        consumer._offset = consumer._last_received_event.offset
    translated = await consumer._handle_exception(error)
    if failures >= consumer._client._config.max_retries:
        raise translated from error


def _is_stolen(error: Exception) -> bool:
    return isinstance(error, errors.AMQPLinkError) and error.condition == errors.ErrorCondition.LinkStolen
