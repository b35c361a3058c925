"""A line of JSON for each request: no body, no key, no address; what a client wrote is escaped."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import BinaryIO

import orjson

from .observing import Handled
from .offloop import OffLoop

_MOST_WAITING = 20_000
# What goes out in one write stays whole between the lines of other worker processes.
_PIPE_BUF = 4_096


def access_log(stream: BinaryIO, most: int = _MOST_WAITING) -> OffLoop[Handled]:
    """Written by a thread of its own: whoever reads slowly loses lines, which are counted, and delays no answer."""

    def take(portion: Sequence[Handled]) -> None:
        for part in _parts([_line(handled) for handled in portion]):
            stream.write(part)
            stream.flush()

    return OffLoop("access log", take, most)


def _parts(lines: list[bytes]) -> Iterator[bytes]:
    part = b""
    for line in lines:
        if len(part) + len(line) > _PIPE_BUF:
            yield part
            part = b""
        part += line
    yield part


def _line(handled: Handled) -> bytes:
    fields = {
        "time": datetime.fromtimestamp(handled.began_ns / 1e9, UTC),
        "method": handled.method.decode("ascii", "backslashreplace"),
        "path": handled.path,
        "status": handled.status,
        "duration_us": max(0, handled.ended_ns - handled.began_ns) // 1_000,
        "bytes_in": handled.bytes_in,
        "bytes_out": handled.bytes_out,
        "version": handled.version,
        **dict(handled.ids),
        "traceparent": handled.traceparent,
    }
    return orjson.dumps({name: value for name, value in fields.items() if value is not None}, option=_OPTIONS)


_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
