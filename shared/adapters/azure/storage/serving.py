"""Serving manifests as blobs, changed by compare-and-swap on their ETag."""

from azure.core import MatchConditions
from azure.storage.blob.aio import BlobClient, BlobServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.adapters.azure.storage.blob_reading import endpoint_of
from shared.events import EndpointRef, Entity
from shared.ports import Absent, Manifest, Moved, ServingManifests
from shared.ports.models.serving import MOST_SERVED


class BlobServingManifests(ServingManifests):
    def __init__(self, blobs: BlobServiceClient, container: str = "serving") -> None:
        self._container = blobs.get_container_client(container)

    def _blob(self, endpoint: EndpointRef) -> BlobClient:
        return self._container.get_blob_client(f"{endpoint.entity.table_key}.json")

    async def read(self, endpoint: EndpointRef) -> Manifest:
        return (await self._read(endpoint))[0]

    async def _read(self, endpoint: EndpointRef) -> tuple[Manifest, str | None]:
        """The manifest with its ETag, None when nothing was ever served."""
        try:
            with storage_errors(f"read the manifest of {endpoint.name}"):
                found = await self._blob(endpoint).download_blob()
                return Manifest.model_validate_json(await found.readall()), found.properties.etag
        except Absent:
            return Manifest(endpoint=endpoint), None

    async def served(self, workspace: str) -> tuple[EndpointRef, ...]:
        prefix, found = Entity.table_keys_of(workspace, "endpoint"), list[EndpointRef]()
        with storage_errors(f"list the manifests of {workspace}"):
            async for name in self._container.list_blob_names(name_starts_with=prefix, results_per_page=MOST_SERVED):
                found.append(endpoint_of(name))
                if len(found) == MOST_SERVED:
                    break
        return tuple(found)

    async def swap(self, manifest: Manifest) -> None:
        present, etag = await self._read(manifest.endpoint)
        if _same(present, manifest):
            return
        if present.generation != manifest.generation - 1:
            raise Moved(f"{manifest.endpoint.name}: generation {present.generation} is current")
        try:
            await self._write(manifest, etag)
        except Moved:
            # Also when a retry inside the SDK met the first try's own success.
            if not _same(await self.read(manifest.endpoint), manifest):
                raise

    async def _write(self, manifest: Manifest, etag: str | None) -> None:
        body = manifest.model_dump_json().encode()
        blob = self._blob(manifest.endpoint)
        with storage_errors(f"write the manifest of {manifest.endpoint.name}"):
            if etag is None:
                await blob.upload_blob(body, overwrite=False)
            else:
                condition = MatchConditions.IfNotModified
                await blob.upload_blob(body, overwrite=True, etag=etag, match_condition=condition)


def _same(present: Manifest, wanted: Manifest) -> bool:
    return (present.generation, present.changed_by) == (wanted.generation, wanted.changed_by)
