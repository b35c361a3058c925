"""Invocations: one attempt or several of a function, its outputs sent before it counts as successful."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from azure_functions_runtime.bindings.datumdef import Datum

from infra.local.functions_host import worker
from infra.local.functions_host.functions import Function
from infra.local.functions_host.worker import FIRST_ATTEMPT, Attempt, Inputs, TriggerMetadata, WorkerResult

_log = logging.getLogger(__name__)

SendOutputs = Callable[[Function, Sequence[tuple[str, Datum]]], Awaitable[None]]


@dataclass
class Invoker:
    """Invokes functions and knows how many invocations are under way (a drain waits for none)."""

    send_outputs: SendOutputs
    timeout_s: float | None
    outstanding: int = 0
    outstanding_retries: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(
        self,
        function: Function,
        inputs: Inputs,
        metadata: TriggerMetadata,
        attempt: Attempt = FIRST_ATTEMPT,
        invocation_id: str | None = None,
    ) -> WorkerResult:
        """One attempt. A timeout or an output that cannot be sent fails it like an exception of the function."""
        self.outstanding += 1
        self._idle.clear()
        try:
            return await self._attempt(function, inputs, metadata, attempt, invocation_id or new_invocation_id())
        finally:
            self.outstanding -= 1
            if not self.outstanding:
                self._idle.set()

    async def invoke_with_retries(
        self, function: Function, inputs: Inputs, metadata: TriggerMetadata, stop: asyncio.Event
    ) -> WorkerResult:
        """All attempts that the function's policy allows, under one invocation id; `stop` ends the waiting."""
        invocation_id = new_invocation_id()
        result = await self.invoke(
            function, inputs, metadata, Attempt(0, function.retry.max_retry_count), invocation_id
        )
        for count, delay in enumerate(function.retry.delays(), start=1):
            if result.ok or await self._stopped_while_waiting(stop, delay):
                break
            attempt = Attempt(count, function.retry.max_retry_count, result.error)
            result = await self.invoke(function, inputs, metadata, attempt, invocation_id)
        return result

    async def wait_until_idle(self, timeout_s: float) -> bool:
        """Whether every invocation ended in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.outstanding:
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _attempt(
        self, function: Function, inputs: Inputs, metadata: TriggerMetadata, attempt: Attempt, invocation_id: str
    ) -> WorkerResult:
        try:
            async with asyncio.timeout(self.timeout_s):
                result = await worker.invoke(invocation_id, function.id, inputs, metadata, attempt)
                if result.ok and (result.outputs or result.returned is not None):
                    await self.send_outputs(function, [*result.outputs, ("$return", result.returned)])
        except TimeoutError:
            result = WorkerResult(False, None, (), f"exceeded functionTimeout of {self.timeout_s} s")
        except Exception as error:  # noqa: BLE001 - any failed output fails the invocation, as in Azure
            _log.exception("function %s: an output could not be sent", function.name)
            result = WorkerResult(False, None, (), repr(error))
        if not result.ok:
            _log.error("function %s failed (invocation %s): %s", function.name, invocation_id, result.error)
        return result

    async def _stopped_while_waiting(self, stop: asyncio.Event, delay_s: float) -> bool:
        self.outstanding_retries += 1
        try:
            async with asyncio.timeout(delay_s):
                await stop.wait()
        except TimeoutError:
            return stop.is_set()
        finally:
            self.outstanding_retries -= 1
        return True


def new_invocation_id() -> str:
    return str(uuid.uuid4())
