"""HTTP for every Azure SDK here: no call sleeps because a service asks for it, and none goes on after it was given up.

azure-core's clients sleep within the call for as long as `Retry-After` says, several times over: longer than the lease
of the effect that made the call, which another instance then performs as well. Here the answer leaves the client at
once, past its own retries, as `Unavailable` with the pause; the reactor tries again when that is over. What stays to
the SDKs are brief tries after a broken connection.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

from shared.adapters.pauses import FIRST_ERROR, asked_pause
from shared.ports import Unavailable

# Seconds for one attempt, within the lease of an effect (30 at most).
TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 20}


def _left_alone(status: int, pause: timedelta) -> Unavailable:
    return Unavailable(f"{status}, again in {pause.total_seconds():g} s", pause=pause)


class AsyncTransport(AioHttpTransport):  # type: ignore[misc]  # loaded at first use, which hides its type
    """For clients of `aio`, whose calls are cancelled with the task that awaits them."""

    async def send(self, request: Any, **config: Any) -> Any:
        response: Any = await super().send(request, **config)
        if response.status_code < FIRST_ERROR:
            return response
        if (pause := asked_pause(response.status_code, response.headers, datetime.now(UTC))) is not None:
            # Nobody reads it: without this its connection would stay taken.
            (getattr(response, "internal_response", None) or response._internal_response).close()
            raise _left_alone(response.status_code, pause)
        return response


class Call:
    """One call on a thread: whoever awaited it may give it up, which a thread cannot be made to feel otherwise."""

    def __init__(self) -> None:
        self._given_up = threading.Event()

    def give_up(self) -> None:
        self._given_up.set()

    def go_on(self) -> None:
        """Raise `Unavailable` once it is given up."""
        self.wait(0)

    def wait(self, seconds: float) -> None:
        """Sleep, unless it is given up: then raise `Unavailable`."""
        if self._given_up.wait(seconds):
            raise Unavailable("nobody waits for this call any more")


class ThreadedTransport(RequestsTransport):  # type: ignore[misc]
    """For clients that block a thread. `begin` says which call this thread works on from now on.

    After a call was given up, nothing is sent any more: what awaited it has lost its lease, or will, and the effect may
    be another's by then. A request that is under way may still land: the adapter recognises it by its name.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self._local = threading.local()

    def begin(self, call: Call) -> None:
        self._local.call = call

    def send(self, request: Any, **kwargs: Any) -> Any:
        self._call.go_on()
        response: Any = super().send(request, **kwargs)
        if (pause := asked_pause(response.status_code, response.headers, datetime.now(UTC))) is not None:
            (getattr(response, "internal_response", None) or response._internal_response).close()
            raise _left_alone(response.status_code, pause)
        return response

    def sleep(self, duration: float) -> None:
        self._call.wait(duration)

    @property
    def _call(self) -> Call:
        found: Call = getattr(self._local, "call", None) or Call()
        return found
