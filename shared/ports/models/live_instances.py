"""Who serves: the scoring instances of an endpoint, by what they reported last."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from shared.events import EndpointRef, GoldenProof, VersionReport


class Instance(BaseModel):
    """`failed` is the newest generation that this instance could not load, `why` its reason.

    `versions` are the counts and proofs of the newest report, by package digest.
    """

    model_config = ConfigDict(frozen=True)

    generation: int = 0
    at: datetime
    failed: int = 0
    why: str = ""
    versions: dict[str, VersionReport] = {}

    def proof(self, digest: str) -> GoldenProof | None:
        """What its newest report says of this package's golden rows."""
        report = self.versions.get(digest)
        return report.golden if report else None


class LiveInstances(Protocol):
    async def of(self, endpoint: EndpointRef, since: datetime) -> Mapping[str, Instance]:
        """Those that were heard of at or after `since`, by instance id. Raises `Unavailable`."""
        ...
