"""Checkpoints of the Functions host's Event Hubs extension, as Microsoft's clients of all languages lay them out.

A blob `<namespace>/<hub>/<group>/checkpoint/<partition>`, in lower case, with offset and sequence number as metadata.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.storage.blob.aio import BlobServiceClient

from shared.adapters.azure.storage.account import storage_errors
from shared.ports import Absent, HostCheckpoint, HostCheckpoints, Hub, Moved, Refused

_NAMESPACE = re.compile(r"(?:^|endpoint=)(?:sb://)?([^/;=]+)(?:[/;]|$)", re.IGNORECASE)


class BlobHostCheckpoints(HostCheckpoints):
    """`blobs` of the host's account, its `AzureWebJobsStorage`; connections are as `EventHubPublisher` has them."""

    def __init__(
        self, blobs: BlobServiceClient, connections: Mapping[Hub, str], container: str = "azure-webjobs-eventhub"
    ) -> None:
        self._container, self._connections = blobs.get_container_client(container), connections

    async def of(self, hub: Hub) -> Sequence[HostCheckpoint]:
        prefix = f"{_namespace(self._connections[hub])}/{hub}/"
        with storage_errors(f"list the host's checkpoints in {hub}"):
            blobs = self._container.list_blobs(name_starts_with=prefix, include=["metadata"])
            found = [_checkpoint(hub, blob.name.removeprefix(prefix), blob) async for blob in blobs]
        return [checkpoint for checkpoint in found if checkpoint]

    async def forget(self, checkpoint: HostCheckpoint) -> None:
        namespace = _namespace(self._connections[checkpoint.hub])
        name = f"{namespace}/{checkpoint.hub}/{checkpoint.group}/checkpoint/{checkpoint.partition}"
        blob, doing = self._container.get_blob_client(name), f"forget the host's checkpoint {name}"
        try:
            with storage_errors(doing):
                await blob.delete_blob(etag=checkpoint.version, match_condition=MatchConditions.IfNotModified)
        except (Absent, Moved):
            # Of a blob that is gone, a store may say either.
            with storage_errors(doing):
                if await blob.exists():
                    raise


def _namespace(connection: str) -> str:
    """Of `Endpoint=sb://<namespace>/;...` or `<namespace>/<hub>`; raises `Refused`."""
    name = _NAMESPACE.search(connection)
    if name is None:
        raise Refused("a connection of a hub names no namespace")
    return name[1].lower()


def _checkpoint(hub: Hub, rest: str, blob: Any) -> HostCheckpoint | None:
    """`rest` is the name behind the hub; None for what is no checkpoint, such as an ownership."""
    match rest.split("/"):
        case [group, "checkpoint", partition] if partition.isdecimal():
            sequence = (blob.metadata or {}).get("sequencenumber", "")
            number = int(sequence) if re.fullmatch(r"-?\d{1,19}", sequence) else None
            return HostCheckpoint(hub, group, int(partition), number, blob.last_modified, blob.etag)
    return None
