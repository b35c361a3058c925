"""Which manifests serve, looked at again and again: one generation after the other, each written once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from shared.events import EndpointRef
from shared.ports import Manifest
from tests.faults.endpoints import Endpoint, Routes


class Manifests(Protocol):
    async def read(self, endpoint: EndpointRef) -> Manifest: ...


class Generations:
    """All that was ever read of the endpoints' manifests."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._written: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._routes: dict[str, dict[int, Routes]] = defaultdict(dict)
        self.backwards: list[str] = []

    async def read(self, endpoint: Endpoint) -> Manifest:
        manifest = await self._manifests.read(endpoint.ref)
        name, generation = endpoint.ref.name, manifest.generation
        if generation < max(self._routes[name], default=0):
            self.backwards.append(f"{name}: generation {generation} came after a newer one")
        if generation:
            self._written[name, generation].add(manifest.model_dump_json())
            self._routes[name][generation] = tuple((each.package.digest, each.share) for each in manifest.routes)
        return manifest

    def as_planned(self, endpoint: Endpoint) -> bool:
        """Whether every generation that was seen is that of the story."""
        course = dict(enumerate(endpoint.course, start=1))
        return self._routes[endpoint.ref.name].items() <= course.items()

    def problems(self, endpoints: Iterable[Endpoint]) -> list[str]:
        doubled = [f"{name}: generation {number} was written twice" for (name, number), each in self._written.items()
                   if len(each) > 1]  # fmt: skip
        others = [f"{each.ref.name}: another course" for each in endpoints if not self.as_planned(each)]
        return [*self.backwards, *doubled, *others]
