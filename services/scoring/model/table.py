"""Which version answers: one immutable table per manifest generation, exchanged whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from zlib import crc32

from services.scoring.model.version import Version
from services.scoring.protocol.answers import Problem

# Multiples of the golden ratio, modulo 1, fill the unit interval evenly: shares are exact to a request or two, without
# randomness and without a counter for each route.
_GOLDEN = 0.618033988749895
_LONGEST_NAME = 100


class Standing(Enum):
    """What has come of an endpoint's manifest since the start; a later generation that is refused changes nothing."""

    UNREAD = "it was not read yet"
    LOADING = "what it routes to is being loaded"
    REFUSED = "what it routes to cannot be loaded, or nobody can read it"
    SETTLED = "what it routes to was loaded; it may be nothing"

    @property
    def is_final(self) -> bool:
        return self in (Standing.REFUSED, Standing.SETTLED)


@dataclass(frozen=True, slots=True)
class Table:
    """`routes` are versions with their shares in percent; `versions` all that are loaded, the previous one included.

    `mirrors` are versions with the percentage of requests that they get a copy of; `missing` are models that the
    manifest routes to and that are not loaded.
    """

    generation: int = 0
    routes: tuple[tuple[Version, float], ...] = ()
    versions: tuple[Version, ...] = ()
    mirrors: tuple[tuple[Version, float], ...] = ()
    standing: Standing = Standing.UNREAD
    missing: frozenset[str] = frozenset()
    _by_name: dict[str, tuple[tuple[Version, float], ...]] = field(default_factory=dict)
    _by_number: dict[tuple[str, str], Version] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        generation: int,
        routes: Sequence[tuple[Version, float]],
        kept: Sequence[Version] = (),
        mirrors: Sequence[tuple[Version, float]] = (),
    ) -> "Table":
        """`kept` are loaded, and answer when asked for by version, but get no share."""
        versions = tuple(dict.fromkeys([version for version, _ in routes] + list(kept)))
        names = {version.name for version, _ in routes}
        by_name = {name: tuple((v, share) for v, share in routes if v.name == name and share > 0) for name in names}
        by_number = {(version.name, version.number): version for version in reversed(versions)}
        return cls(
            generation, tuple(routes), versions, tuple(mirrors), Standing.SETTLED,
            _by_name=by_name, _by_number=by_number,
        )  # fmt: skip

    @property
    def names(self) -> set[str]:
        """Of the models that are loaded."""
        return {version.name for version in self.versions}

    def numbers(self, name: str) -> list[str]:
        return sorted(version.number for version in self.versions if version.name == name)

    def find(self, name: str, number: str | None, turn: int, sticky: str | None = None) -> Version | Problem:
        """The version to ask: the one named, or one by share. The same `sticky` key always meets the same version."""
        if number is not None:
            return self._by_number.get((name, number)) or self._unknown(name, number)
        routes = self._by_name.get(name)
        if not routes:
            return self._unknown(name, None)
        return routes[0][0] if len(routes) == 1 else _by_share(routes, turn, sticky)

    def _unknown(self, name: str, number: str | None) -> Problem:
        numbers = self.numbers(name)
        if not numbers:
            return absent(name, [self])
        wanted = (
            "the model has no share of the traffic" if number is None else f"version {number[:100]!r} is not loaded"
        )
        return Problem(404, f"model {name!r}: {wanted}; loaded: {', '.join(numbers)}")


def is_ready(tables: Sequence[Table]) -> bool:
    """Every manifest was read, and whatever it routes to is loaded or refused; not when nothing is but refusals."""
    standings = {table.standing for table in tables}
    if not all(standing.is_final for standing in standings):
        return False
    return Standing.REFUSED not in standings or any(table.routes for table in tables)


def absent(name: str, tables: Sequence[Table]) -> Problem:
    """Why no version of this model is loaded: it may come (503), or is none of ours (404, with the likely name)."""
    for table in tables:
        if name in table.missing:
            return _not_loaded(name, table.standing)
    served = sorted({each for table in tables for each in table.names | table.missing})
    standings = {table.standing for table in tables}
    if Standing.UNREAD in standings:
        return Problem(503, "starting: not every serving manifest was read yet", retry_after_s=1)
    if not served and Standing.REFUSED in standings:
        return Problem(503, "no model is loaded; the app's log says why", retry_after_s=30)
    words = f"model {name[:_LONGEST_NAME]!r} is not served here; served: {', '.join(served) or 'none yet'}"
    likely = get_close_matches(name[:_LONGEST_NAME], served, 1)
    return Problem(404, f"{words}; did you mean {likely[0]!r}?" if likely else words)


def _not_loaded(name: str, standing: Standing) -> Problem:
    if standing is Standing.LOADING:
        return Problem(503, f"model {name!r} is being loaded", retry_after_s=1)
    return Problem(503, f"model {name!r} could not be loaded; the app's log says why", retry_after_s=30)


def _by_share(routes: tuple[tuple[Version, float], ...], turn: int, sticky: str | None) -> Version:
    total = sum(share for _, share in routes)
    point = (crc32(sticky.encode()) / 2**32 if sticky is not None else turn * _GOLDEN % 1.0) * total
    for version, share in routes:
        point -= share
        if point < 0:
            return version
    return routes[-1][0]
