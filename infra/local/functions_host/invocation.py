"""Invocations: one attempt or several of a function, its outputs sent before it counts as successful."""

import asyncio
import itertools
import logging
import math
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from infra.local.functions_host import worker
from infra.local.functions_host.functions import Function
from infra.local.functions_host.tracing import Trace, follow
from infra.local.functions_host.worker import FIRST_ATTEMPT, Attempt, Inputs, TriggerMetadata, TypedData, WorkerResult

_log = logging.getLogger(__name__)

Arguments = tuple[Inputs, TriggerMetadata]
# Converts what triggered the function, anew for each attempt; what it raises fails the attempt.
Convert = Callable[[], Arguments]
SendOutputs = Callable[[Function, Sequence[tuple[str, TypedData]]], Awaitable[None]]
# A function that goes on this long after its time is over takes the process with it.
TIMEOUT_GRACE_S = 10.0
OVERRAN = "exceeded functionTimeout"


@dataclass
class Invoker:
    """Invokes functions and knows how many invocations are under way (a drain waits for none).

    `overran` is set once a function has not ended by its time-out and the grace after it; `ended` is when the last
    invocation did, in monotonic seconds.
    """

    send_outputs: SendOutputs
    timeout_s: float | None
    grace_s: float = TIMEOUT_GRACE_S
    overran: asyncio.Event = field(default_factory=asyncio.Event)
    outstanding: int = 0
    outstanding_retries: int = 0
    ended: float = -math.inf
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(
        self,
        function: Function,
        convert: Convert,
        attempt: Attempt = FIRST_ATTEMPT,
        invocation_id: str | None = None,
        trace: Trace | None = None,
    ) -> WorkerResult:
        """One attempt. A conversion that fails, a time-out or an output that cannot be sent fails it like an
        exception of the function."""
        self.outstanding += 1
        self._idle.clear()
        try:
            return await self._attempt(function, convert, attempt, invocation_id or new_invocation_id(), trace)
        finally:
            self.outstanding -= 1
            self.ended = time.monotonic()
            if not self.outstanding:
                self._idle.set()

    async def invoke_with_retries(
        self,
        function: Function,
        convert: Convert,
        over: asyncio.Event,
        made: int = 0,
        on_overrun: Callable[[int], None] = lambda attempts: None,
    ) -> WorkerResult:
        """All attempts that the function's policy allows, under one invocation id; `over` ends the waiting.

        `made` attempts were made before; `on_overrun` is told how many there are, when one takes the process with it.
        """
        invocation_id, most, trace = new_invocation_id(), function.retry.max_retry_count, follow()
        delays = itertools.islice(function.retry.delays(), made, None)
        error = OVERRAN if made else None
        for count in itertools.count(made):
            result = await self.invoke(function, convert, Attempt(count, most, error), invocation_id, trace)
            delay = next(delays, None)
            if result.ok or delay is None:
                return result
            if result.overran:
                # The next attempt is one for the next process.
                on_overrun(count + 1)
                await over.wait()
            if await self._over_while_waiting(over, delay):
                return result
            error = result.error
        raise AssertionError("unreachable: there is always a next number")

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
        self, function: Function, convert: Convert, attempt: Attempt, invocation_id: str, trace: Trace | None
    ) -> WorkerResult:
        began = time.monotonic()
        longest = None if self.timeout_s is None else self.timeout_s + self.grace_s
        try:
            async with asyncio.timeout(longest) as patience:
                inputs, metadata = convert()
                request = worker.invocation(invocation_id, function.id, inputs, metadata, attempt, trace or follow())
                result = await self._run(function, request)
        except TimeoutError as error:
            result = _failed(repr(error), overran=patience.expired())
        except Exception as error:  # noqa: BLE001 - whatever cannot be converted fails the attempt, as in Azure
            result = _failed(repr(error))
        if self.timeout_s is not None and time.monotonic() - began > self.timeout_s:
            result = _failed(f"{OVERRAN} of {self.timeout_s} s", result.overran)
        if result.overran:
            self.overran.set()
        if not result.ok:
            message = "function %s failed (invocation %s): %s%s"
            _log.error(message, function.name, invocation_id, result.error, f"\n{result.stack_trace}".rstrip())
        return result

    async def _run(self, function: Function, request: object) -> WorkerResult:
        result = await worker.invoke(request)
        if not result.ok or not (result.outputs or result.returned is not None):
            return result
        try:
            await self.send_outputs(function, [*result.outputs, ("$return", result.returned)])
        except Exception as error:  # noqa: BLE001 - any failed output fails the invocation, as in Azure
            _log.exception("function %s: an output could not be sent", function.name)
            return _failed(repr(error))
        return result

    async def _over_while_waiting(self, over: asyncio.Event, delay_s: float) -> bool:
        self.outstanding_retries += 1
        try:
            async with asyncio.timeout(delay_s):
                await over.wait()
        except TimeoutError:
            return over.is_set()
        finally:
            self.outstanding_retries -= 1
        return True


def new_invocation_id() -> str:
    return str(uuid.uuid4())


def _failed(error: str, overran: bool = False) -> WorkerResult:
    return WorkerResult(False, None, (), error, overran=overran)
