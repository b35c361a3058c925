"""Which versions stay in memory though the manifest no longer routes to them: a rollback finds them warm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.scoring.model.version import Version


@dataclass(slots=True)
class Sharers:
    """How many endpoints share what a process may use, evenly; more may join while it runs."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Keeping:
    """`window_s` runs from when a version lost its route; `memory_bytes` bounds the model files of all sharers."""

    window_s: float = 3_600.0
    memory_bytes: int = 512 << 20
    sharers: Sharers = field(default_factory=Sharers)

    @property
    def own_bytes(self) -> int:
        """Of one of them."""
        return self.memory_bytes // max(1, self.sharers.count)


def still_warm(
    cold: Mapping[Version, datetime], routed_bytes: int, previous: Version | None, now: datetime, keeping: Keeping
) -> list[Version]:
    """Of versions without a route (and since when), those to keep, the one left last first.

    The window comes first, then memory: the coldest goes, and `previous`, which a rollback would restore, goes last.
    """
    fresh = [version for version, since in cold.items() if now - since < timedelta(seconds=keeping.window_s)]
    by_worth = sorted(fresh, key=lambda version: (version is previous, cold[version]), reverse=True)
    kept, held = [], routed_bytes
    for version in by_worth:
        held += version.model_bytes
        if held > keeping.own_bytes:
            break
        kept.append(version)
    return kept
