"""Blobs at `<first two digits>/<digest>`: what is known by its SHA-256 cannot be exchanged unseen."""

import re
from hashlib import sha256

from azure.storage.blob.aio import ContainerClient

from shared.adapters.azure.storage.blobs import download
from shared.ports import Absent, Refused

DIGEST = re.compile(r"[0-9a-f]{64}")


def place_of(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


async def read_digested(container: ContainerClient, digest: str) -> bytes:
    """Raises `Absent`, also for what is no digest, or `Refused` when the content is not what the digest says."""
    name = container.container_name
    if not DIGEST.fullmatch(digest):
        raise Absent(f"{name}: {digest[:80]!r} is not a digest")
    body = await download(container, place_of(digest))
    if sha256(body).hexdigest() != digest:
        raise Refused(f"{name}: {digest} was altered")
    return body
