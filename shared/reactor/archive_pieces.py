"""Pieces of chains as they lie in the archive: gzip over lines of JSON, a head and then an entry on each.

An entry is whole there, with what became of its effects and with bodies that the ledger kept in evidence: it proves by
its hash what it is, as it did in the ledger.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.events import Entity, canonical
from shared.ports import Absent, Archive, Entry, Mark, Progress
from shared.reactor.recording import hashed_fields

_FORMAT = 1
# A piece is read whole.
_MOST_ENTRIES, _MOST_BYTES = 1000, 16 << 20


class BrokenPiece(ValueError):
    """These bytes are no piece of this chain; the message says why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries beside each other; `before` is the digest of the chain's piece before this one, "" for its first."""

    before: str
    entries: Sequence[Progress]


def write_piece(entries: Sequence[Progress], before: str) -> tuple[bytes, int]:
    """As many of these entries as a piece holds, and how many they are.

    The same entries are the same bytes, so that a piece that is written again is the same.
    """
    lines = [canonical({"format": _FORMAT, "before": before})]
    size = 0
    for progress in entries[:_MOST_ENTRIES]:
        line = canonical(_fields(progress))
        size += len(line)
        if size > _MOST_BYTES and len(lines) > 1:
            break
        lines.append(line)
    return gzip.compress(b"\n".join(lines), mtime=0), len(lines) - 1


def read_piece(body: bytes) -> Piece:
    """Its entries are not checked against their hashes. Raises `BrokenPiece`."""
    try:
        head, *lines = [json.loads(line) for line in gzip.decompress(body).split(b"\n")]
        if head["format"] != _FORMAT:
            raise BrokenPiece(f"its format is {head['format']}, this build reads {_FORMAT}")
        return Piece(head["before"], [_progress(fields) for fields in lines])
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, BrokenPiece) else BrokenPiece(f"unreadable: {error}") from error


async def archived(archive: Archive, digest: str, length: int) -> list[Progress]:
    """The first `length` entries of a chain, whose newest piece this is; fewer where the oldest pieces are gone.

    A piece may hold more than what has left the ledger since, and what the piece after it holds as well: an entry
    counts once. Raises `BrokenPiece`, `Refused` for an altered piece, `Unavailable`.
    """
    found: dict[int, Progress] = {}
    while digest:
        try:
            piece = read_piece(await archive.read(digest))
        except Absent:
            break
        for progress in piece.entries:
            if progress.entry.position < length:
                found.setdefault(progress.entry.position, progress)
        digest = piece.before
    return [found[position] for position in sorted(found)]


def _fields(progress: Progress) -> dict[str, Any]:
    entry = progress.entry
    marks = {str(index): [mark.outcome, mark.reason] for index, mark in progress.marks.items()}
    return {**hashed_fields(entry), "hash": entry.hash, "marks": marks}


def _progress(fields: Mapping[str, Any]) -> Progress:
    proper = {**fields, "entity": Entity.parse(fields["entity"])}
    proper["decided_at"] = datetime.fromisoformat(fields["decided_at"])
    marks = {int(index): Mark(outcome, reason) for index, (outcome, reason) in proper.pop("marks").items()}
    return Progress(Entry(**proper), marks, settled=True, lease=None)
