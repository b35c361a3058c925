"""Following the serving manifest: load what is new beside what serves, then exchange the table at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from services.scoring.answering.scorer import Scorer
from services.scoring.model.loading import PackageLoader
from services.scoring.model.table import Standing, Table
from services.scoring.model.version import Version
from services.scoring.model.warmth import Keeping, still_warm
from shared.events import EndpointRef, PackageRef
from shared.ports import Clock, Manifest, Refused, Unavailable

logger = logging.getLogger("sluice.scoring")

# Polls between two attempts at a package that was refused: its files may have been repaired meanwhile.
_PATIENCE = 30
# At a start, attempts that come to nothing; then the other endpoints of this process wait no longer.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LoadFailure:
    package: PackageRef
    generation: int
    reason: str


class Manifests(Protocol):
    """What following needs of the port `ServingManifests`."""

    async def read(self, endpoint: EndpointRef) -> Manifest: ...

    async def served(self, workspace: str) -> tuple[EndpointRef, ...]: ...


class ManifestFollower:
    """`on_failure` hears once of each package that a generation asks for and that cannot be loaded.

    `is_taken` tells whether another endpoint of this process serves a model of this name: requests could not tell them
    apart.
    """

    def __init__(
        self,
        endpoint: EndpointRef,
        manifests: Manifests,
        loader: PackageLoader,
        scorer: Scorer,
        on_failure: Callable[[LoadFailure], Awaitable[None]],
        clock: Clock,
        keeping: Keeping | None = None,
        is_taken: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._endpoint = endpoint
        self._manifests = manifests
        self._loader = loader
        self._scorer = scorer
        self._on_failure = on_failure
        self._clock = clock
        self._keeping = keeping or Keeping()
        self._is_taken = is_taken
        self._cold: dict[Version, datetime] = {}
        self._previous: Version | None = None
        self._told: set[tuple[int, str]] = set()
        self._refused_generation = -1
        self._polls_to_skip = 0
        self._failed_attempts = 0

    async def step(self) -> None:
        """Look once. Generations only grow: a manifest that was lost stops nobody. Raises `Unavailable`."""
        try:
            await self._follow(await self._manifests.read(self._endpoint))
        except Unavailable:
            raise
        except Exception:  # told by whoever called; here it only counts as an attempt
            self._failed()
            raise

    async def _follow(self, manifest: Manifest) -> None:
        if manifest.generation <= self._scorer.table.generation:
            self._say(standing=Standing.SETTLED, missing=frozenset())
            return self._cool()
        if self._is_resting(manifest.generation):
            return self._cool()
        self._begin({route.package.model.name for route in manifest.routes})
        table = await self._prepare(manifest)
        if table is None:
            return self._failed(manifest.generation)
        self._scorer.table = table
        self._told.clear()
        models = ", ".join(str(version.package.model) for version in table.versions)
        logger.info("generation %d serves %s", table.generation, models)

    def _begin(self, models: set[str]) -> None:
        table = self._scorer.table
        standing = Standing.LOADING if table.standing is Standing.UNREAD else table.standing
        self._say(standing=standing, missing=frozenset(models - table.names))

    def _failed(self, generation: int | None = None) -> None:
        """What was refused, or failed again and again, keeps no other endpoint of this process waiting."""
        self._failed_attempts += 1
        if self._refused_generation == generation or self._failed_attempts >= _ATTEMPTS:
            standing = self._scorer.table.standing
            self._say(standing=standing if standing is Standing.SETTLED else Standing.REFUSED)

    def _say(self, **changes: Any) -> None:
        """The same table but for what has come of its manifest."""
        table = replace(self._scorer.table, **changes)
        if table != self._scorer.table:
            self._scorer.table = table

    def _is_resting(self, generation: int) -> bool:
        if generation == self._refused_generation and self._polls_to_skip:
            self._polls_to_skip -= 1
            return True
        return False

    async def _prepare(self, manifest: Manifest) -> Table | None:
        """The table for this manifest, or None if any of its packages will not load: then the old one stays whole."""
        loaded = {version.package: version for version in self._scorer.table.versions}
        wanted = [route.package for route in manifest.routes]
        missing = [package for package in wanted if package not in loaded]
        found = await asyncio.gather(*(self._load(package, manifest.generation) for package in missing))
        for package, version in zip(missing, found, strict=True):
            if version is None:
                return None
            loaded[package] = version
        if not await self._prove([loaded[package] for package in wanted], manifest.generation):
            return None
        routes = [(loaded[route.package], route.share) for route in manifest.routes]
        mirrors = [(loaded[route.package], route.mirror) for route in manifest.routes if route.mirror]
        self._previous = loaded.get(manifest.previous.package) if manifest.previous else None
        return Table.of(manifest.generation, routes, self._warm([version for version, _ in routes]), mirrors)

    def _warm(self, routed: list[Version]) -> list[Version]:
        """Of all that is loaded and not routed to, what is worth its memory; the rest is let go."""
        now = self._clock.now()
        cold = {v: self._cold.get(v, now) for v in self._scorer.table.versions if v not in routed}
        held = sum(version.model_bytes for version in routed)
        kept = still_warm(cold, held, self._previous, now, self._keeping)
        self._cold = {version: cold[version] for version in kept}
        return kept

    def _cool(self) -> None:
        """Let go of what the window or the memory no longer holds; whoever is being answered by it still is."""
        table = self._scorer.table
        routed = [version for version, _ in table.routes]
        kept = self._warm(routed)
        gone = [str(version.package.model) for version in table.versions if version not in (*routed, *kept)]
        if gone:
            self._scorer.table = replace(
                Table.of(table.generation, table.routes, kept, table.mirrors), missing=table.missing
            )
            logger.info("no longer in memory: %s", ", ".join(gone))

    async def _load(self, package: PackageRef, generation: int) -> Version | None:
        if self._is_taken(package.model.name):
            self._refused_generation, self._polls_to_skip = generation, _PATIENCE
            reason = f"model {package.model.name} is served by another endpoint of this process"
            await self._tell(LoadFailure(package, generation, reason))
            return None
        try:
            return await self._loader.load(package)
        except Unavailable as error:
            await self._tell(LoadFailure(package, generation, f"unavailable: {error}"))
        except Refused as error:
            self._refused_generation, self._polls_to_skip = generation, _PATIENCE
            await self._tell(LoadFailure(package, generation, str(error)))
        return None

    async def _prove(self, versions: Sequence[Version], generation: int) -> bool:
        """N4: before anything is switched, the sessions that are to answer answer their golden rows once more."""
        for version in versions:
            try:
                await asyncio.to_thread(version.prove, generation)
            except Refused as error:
                self._refused_generation, self._polls_to_skip = generation, _PATIENCE
                await self._tell(LoadFailure(version.package, generation, str(error)))
                return False
        return True

    async def _tell(self, failure: LoadFailure) -> None:
        logger.error("%s cannot serve generation %d: %s", failure.package.model, failure.generation, failure.reason)
        if (failure.generation, failure.package.digest) not in self._told:
            self._told.add((failure.generation, failure.package.digest))
            await self._on_failure(failure)
