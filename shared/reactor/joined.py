"""One read for many who ask at once, none of whom is told what was read before it asked."""

import asyncio
from collections.abc import Awaitable, Callable


class Joined[T]:
    """Whoever asks while a read is under way shares the next one, which begins after it."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Raises what the read raises. Who gives up waiting ends it for nobody else."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin())
        return await asyncio.shield(self._next)

    async def _begin(self) -> T:
        async with self._one_at_a_time:
            self._next = None
            return await self._read()
