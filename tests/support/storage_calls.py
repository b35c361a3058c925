"""Calls of the storage SDKs, counted where they leave the process: at the transport, retries included."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline.transport import AioHttpTransport


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str


@contextmanager
def counted_calls() -> Iterator[list[Call]]:
    """Every call that is made within the block."""
    calls: list[Call] = []
    send = AioHttpTransport.send

    async def counting(self: AioHttpTransport, request: Any, **options: Any) -> Any:
        calls.append(Call(request.method, urlsplit(request.url).path))
        return await send(self, request, **options)

    AioHttpTransport.send = counting
    try:
        yield calls
    finally:
        AioHttpTransport.send = send
