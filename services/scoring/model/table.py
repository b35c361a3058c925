"""Which version answers: one immutable table per manifest generation, exchanged whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from services.scoring.model.version import Version
from services.scoring.protocol.answers import Problem

# Multiples of the golden ratio, modulo 1, fill the unit interval evenly: shares are exact to a request or two, without
# randomness and without a counter for each route.
_GOLDEN = 0.618033988749895


@dataclass(frozen=True, slots=True)
class Table:
    """`routes` are versions with their shares in percent; `versions` all that are loaded, the previous one included.

    `mirrors` are versions with the percentage of requests that they get a copy of.
    """

    generation: int = 0
    routes: tuple[tuple[Version, float], ...] = ()
    versions: tuple[Version, ...] = ()
    mirrors: tuple[tuple[Version, float], ...] = ()
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
        return cls(generation, tuple(routes), versions, tuple(mirrors), by_name, by_number)

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
        if not self.versions:
            return Problem(503, "no model is loaded", retry_after_s=1)
        numbers = self.numbers(name)
        if not numbers:
            served = ", ".join(sorted(self.names))
            return Problem(404, f"model {name[:100]!r} is not served here; served: {served}")
        wanted = (
            "the model has no share of the traffic" if number is None else f"version {number[:100]!r} is not loaded"
        )
        return Problem(404, f"model {name!r}: {wanted}; loaded: {', '.join(numbers)}")


def _by_share(routes: tuple[tuple[Version, float], ...], turn: int, sticky: str | None) -> Version:
    total = sum(share for _, share in routes)
    point = (crc32(sticky.encode()) / 2**32 if sticky is not None else turn * _GOLDEN % 1.0) * total
    for version, share in routes:
        point -= share
        if point < 0:
            return version
    return routes[-1][0]
