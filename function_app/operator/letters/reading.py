"""Which dead letters there are, by service, reason and time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import settings
from function_app.operator.hubs import read
from function_app.operator.moments import ago
from function_app.operator.ordering.names import check_name
from function_app.operator.running import Unknown
from shared.events import DeadLettered, Envelope, Unreadable, decode

type Letter = Envelope[DeadLettered]
OfService = Annotated[str, typer.Option("--service", help="Only those of this service or lane.")]
Matching = Annotated[str, typer.Option(help="Only those whose reason contains this text.")]
Since = Annotated[str, typer.Option(help="Only later ones: 30s, 10m, 2h, 1d ago, or a moment in ISO 8601.")]
Until = Annotated[str, typer.Option(help="Only earlier ones: as --since.")]
_LONGEST_REASON = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What is empty or None excludes nothing."""

    service: str = ""
    matching: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, service: str, matching: str, since: str, until: str) -> "Filter":
        """From what people type; raises `typer.BadParameter`."""
        return cls(service, matching, ago(since) if since else None, ago(until) if until else None)

    def passes(self, letter: Letter) -> bool:
        return (
            self.service in ("", letter.data.service)
            and self.matching.lower() in letter.data.reason.lower()
            and (self.since is None or letter.time >= self.since)
            and (self.until is None or letter.time < self.until)
        )

    def of_all(self, letters: Sequence[Letter], services: set[str]) -> list[Letter]:
        """Raises `Unknown` for a service that is none and has none."""
        if self.service:
            check_name("service", self.service, services | {letter.data.service for letter in letters})
        return [letter for letter in letters if self.passes(letter)]


async def all_letters(run_dir: Path | None, timeout_s: float) -> tuple[list[Letter], int]:
    """The letters, each once, oldest first, and how many messages of the hub are none."""
    letters: dict[str, Letter] = {}
    unreadable = 0
    for message in await read(settings(run_dir), "dead-letter", None, timeout_s):
        try:
            envelope = decode(message.body)
        except Unreadable:
            unreadable += 1
            continue
        if isinstance(envelope.data, DeadLettered):
            letters.setdefault(envelope.id, envelope)
        else:
            unreadable += 1
    return list(letters.values()), unreadable


async def one(run_dir: Path | None, letter_id: str, timeout_s: float) -> Letter:
    """By its id or the beginning of it. Raises `Unknown`."""
    letters, _ = await all_letters(run_dir, timeout_s)
    found = [letter for letter in letters if letter.id.startswith(letter_id)]
    if len(found) != 1:
        what = "no dead letter has this id" if not found else f"{len(found)} dead letters begin so"
        raise Unknown(f"{letter_id}: {what}; see `sluice dead-letters list`")
    return found[0]


def last_line(reason: str) -> str:
    return reason.strip().rpartition("\n")[2]


def by_reason(letters: Sequence[Letter]) -> list[tuple[str, str, int]]:
    """Service, last line of the reason, and how many: the most frequent first."""
    counted = Counter((each.data.service, last_line(each.data.reason)[:_LONGEST_REASON]) for each in letters)
    return [(service, reason, count) for (service, reason), count in counted.most_common()]
