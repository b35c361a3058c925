"""Serving manifests in a dictionary."""

from shared.events import EndpointRef
from shared.ports import Manifest, Moved, ServingManifests


class MemoryServingManifests(ServingManifests):
    def __init__(self) -> None:
        self._manifests: dict[EndpointRef, Manifest] = {}

    async def read(self, endpoint: EndpointRef) -> Manifest:
        return self._manifests.get(endpoint, Manifest(endpoint=endpoint))

    async def swap(self, manifest: Manifest) -> None:
        present = await self.read(manifest.endpoint)
        if (present.generation, present.changed_by) == (manifest.generation, manifest.changed_by):
            return
        if present.generation != manifest.generation - 1:
            raise Moved(f"{manifest.endpoint.name}: generation {present.generation} is current")
        self._manifests[manifest.endpoint] = manifest
