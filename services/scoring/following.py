"""Following the serving manifest: load what is new beside what serves, then exchange the table at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.scoring.loading import PackageLoader
from services.scoring.scorer import Scorer
from services.scoring.table import Table
from services.scoring.version import Version
from shared.events import EndpointRef, PackageRef
from shared.ports import Manifest, Refused, Unavailable

logger = logging.getLogger("sluice.scoring")

# Polls between two attempts at a package that was refused: its files may have been repaired meanwhile.
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class LoadFailure:
    package: PackageRef
    generation: int
    reason: str


class Manifests(Protocol):
    """What following needs of the port `ServingManifests`."""

    async def read(self, endpoint: EndpointRef) -> Manifest: ...


class ManifestFollower:
    """`on_failure` hears once of each package that a generation asks for and that cannot be loaded."""

    def __init__(
        self,
        endpoint: EndpointRef,
        manifests: Manifests,
        loader: PackageLoader,
        scorer: Scorer,
        on_failure: Callable[[LoadFailure], Awaitable[None]],
    ) -> None:
        self._endpoint = endpoint
        self._manifests = manifests
        self._loader = loader
        self._scorer = scorer
        self._on_failure = on_failure
        self._told: set[tuple[int, str]] = set()
        self._refused_generation = -1
        self._polls_to_skip = 0

    async def step(self) -> None:
        """Look once. Generations only grow: a manifest that was lost stops nobody. Raises `Unavailable`."""
        manifest = await self._manifests.read(self._endpoint)
        if manifest.generation <= self._scorer.table.generation or self._is_resting(manifest.generation):
            return
        table = await self._prepare(manifest)
        if table is not None:
            self._scorer.table = table
            self._told.clear()
            models = ", ".join(str(version.package.model) for version in table.versions)
            logger.info("generation %d serves %s", table.generation, models)

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
        previous = loaded.get(manifest.previous.package) if manifest.previous else None
        routes = [(loaded[route.package], route.share) for route in manifest.routes]
        mirrors = [(loaded[route.package], route.mirror) for route in manifest.routes if route.mirror]
        return Table.of(manifest.generation, routes, kept=[previous] if previous else [], mirrors=mirrors)

    async def _load(self, package: PackageRef, generation: int) -> Version | None:
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
