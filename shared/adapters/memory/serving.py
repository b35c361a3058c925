"""Serving manifests in a dictionary."""

from shared.events import EndpointRef, Entity
from shared.ports import Manifest, Moved, ServingManifests
from shared.ports.models.serving import MOST_SERVED


class MemoryServingManifests(ServingManifests):
    def __init__(self) -> None:
        self._manifests: dict[Entity, Manifest] = {}

    async def read(self, endpoint: EndpointRef) -> Manifest:
        return self._manifests.get(endpoint.entity, Manifest(endpoint=endpoint))

    async def served(self, workspace: str) -> tuple[EndpointRef, ...]:
        prefix = Entity.table_keys_of(workspace, "endpoint")
        keys = sorted(key for entity in self._manifests if (key := entity.table_key).startswith(prefix))
        return tuple(EndpointRef.from_entity(Entity.from_table_key(key)) for key in keys[:MOST_SERVED])

    async def swap(self, manifest: Manifest) -> None:
        present = await self.read(manifest.endpoint)
        if (present.generation, present.changed_by) == (manifest.generation, manifest.changed_by):
            return
        if present.generation != manifest.generation - 1:
            raise Moved(f"{manifest.endpoint.name}: generation {present.generation} is current")
        self._manifests[manifest.endpoint.entity] = manifest
