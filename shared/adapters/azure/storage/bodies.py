"""JSON values in table columns: small ones inline, large ones by digest in evidence."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from shared.events import canonical
from shared.ports import Evidence

INLINE_BYTES = 32 * 1024
# A binary column holds 64 KiB.
COLUMN_BYTES = 64 * 1024


class Bodies:
    """A packed value is the JSON `{"inline": value}` or `{"evidence": digest}`."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    async def pack(self, **values: object) -> dict[str, bytes]:
        """What the columns hold. Evidence is written before this returns, thus before the row."""
        bodies = {name: canonical(value) for name, value in values.items()}
        columns = {name: b'{"inline":%b}' % body for name, body in bodies.items() if len(body) <= INLINE_BYTES}
        if len(columns) == len(bodies):
            return columns
        large = [name for name in bodies if name not in columns]
        kept = await asyncio.gather(*(self._evidence.keep(bodies[name]) for name in large))
        return columns | {name: canonical({"evidence": digest}) for name, digest in zip(large, kept, strict=True)}

    async def unpack(self, column: bytes) -> Any:
        packed = json.loads(column)
        return packed["inline"] if "inline" in packed else json.loads(await self._evidence.read(packed["evidence"]))


def split(body: bytes, prefix: str) -> dict[str, bytes]:
    """Columns `<prefix>00`, `<prefix>01`, ... of at most 64 KiB each."""
    pieces = range(0, len(body), COLUMN_BYTES)
    return {f"{prefix}{index:02d}": body[start : start + COLUMN_BYTES] for index, start in enumerate(pieces)}


def join(row: Mapping[str, Any], prefix: str) -> bytes:
    """What `split` took apart."""
    return b"".join(row[name] for name in sorted(row) if name.startswith(prefix) and name[len(prefix) :].isdecimal())
