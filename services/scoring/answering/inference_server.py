"""What a door asks, whether one endpoint stands behind it or several: the calls of the Open Inference Protocol v2."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from services.scoring.protocol.answers import Answer

type Reply = Callable[[Answer], None]


class InferenceServer(Protocol):
    """`number` None lets the manifest's shares choose the version. Used from one event loop."""

    def live(self) -> Answer: ...

    def ready(self) -> Answer: ...

    def models(self) -> Answer: ...

    def repository_index(self, body: bytes) -> Answer:
        """The repository index: each version, loaded or not; `{"ready": true}` asks for those that are."""
        ...

    def server(self) -> Answer: ...

    def openapi(self) -> Answer: ...

    def model(self, name: str, number: str | None = None) -> Answer: ...

    def model_ready(self, name: str, number: str | None = None) -> Answer: ...

    def submit(
        self,
        name: str,
        number: str | None,
        body: bytes,
        reply: Reply,
        *,
        header_length: int | None = None,
        sticky: str | None = None,
    ) -> None:
        """Decode now, run when the door's `Batching` says. `reply` may be called at once; its first call counts."""
        ...

    async def infer(
        self, name: str, number: str | None, body: bytes, *, header_length: int | None = None, sticky: str | None = None
    ) -> Answer:
        """`submit`, awaited; for an answer that comes at once there is neither a future nor a turn of the loop."""
        awaited = _Awaited()
        self.submit(name, number, body, awaited.reply, header_length=header_length, sticky=sticky)
        return awaited.answer or await awaited.later()


class _Awaited:
    """Where an answer comes to that somebody waits for, or will."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self._future: asyncio.Future[Answer] | None = None

    def later(self) -> asyncio.Future[Answer]:
        self._future = asyncio.get_running_loop().create_future()
        return self._future

    def reply(self, answer: Answer) -> None:
        if self._future is None:
            self.answer = self.answer or answer
        elif not self._future.done():  # or else it has come before, or the caller went away
            self._future.set_result(answer)
