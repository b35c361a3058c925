"""Ways to tell that a process is ready."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import aiohttp

from infra.local.ports import HOST

TIMEOUT = aiohttp.ClientTimeout(total=2)


def accepts(ports: Iterable[int]) -> Callable[[], Awaitable[bool]]:
    """Ready when every port accepts a connection; raises `OSError` while one does not."""
    wanted = tuple(ports)

    async def probe() -> bool:
        for port in wanted:
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
        return True

    return probe


def answers(url: str) -> Callable[[], Awaitable[bool]]:
    """Ready when a GET is answered with 200."""

    async def probe() -> bool:
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as client, client.get(url) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    return probe


def wrote(path: Path) -> Callable[[], Awaitable[bool]]:
    """Ready when the file exists."""

    async def probe() -> bool:
        return await asyncio.to_thread(path.exists)

    return probe
