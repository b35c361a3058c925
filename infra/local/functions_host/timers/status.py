"""The stored status of a timer: when it last fired and is next due, so that a restart finds what was missed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import BlobClient, ContainerClient

from infra.local.functions_host.timers.schedule import Schedule


@dataclass(frozen=True)
class ScheduleStatus:
    """`last` is None until the timer has fired once."""

    last: datetime | None
    next: datetime
    last_updated: datetime

    def to_json(self) -> dict[str, str]:
        last = self.last or datetime(1, 1, 1, tzinfo=UTC)
        return {"Last": last.isoformat(), "Next": self.next.isoformat(), "LastUpdated": self.last_updated.isoformat()}

    @staticmethod
    def from_json(document: dict[str, str]) -> "ScheduleStatus":
        last, following, updated = (datetime.fromisoformat(document[key]) for key in ("Last", "Next", "LastUpdated"))
        return ScheduleStatus(None if last.year == 1 else last, following, updated)


class StatusStore:
    """One blob per timer in `azure-webjobs-hosts`, under the names that the real host uses."""

    def __init__(self, container: ContainerClient, host_id: str) -> None:
        self._container = container
        self._host_id = host_id

    async def load(self, function: str) -> ScheduleStatus | None:
        try:
            download = await self._blob(function).download_blob()
        except ResourceNotFoundError:
            return None
        return ScheduleStatus.from_json(json.loads(await download.readall()))

    async def save(self, function: str, status: ScheduleStatus) -> None:
        await self._blob(function).upload_blob(json.dumps(status.to_json()), overwrite=True)

    def _blob(self, function: str) -> BlobClient:
        return self._container.get_blob_client(f"timers/{self._host_id}/Host.Functions.{function}/status")


def is_past_due(status: ScheduleStatus, schedule: Schedule, now: datetime) -> bool:
    """Whether an occurrence passed unseen; a schedule that was changed meanwhile starts afresh instead."""
    expected = schedule.next_after(status.last or status.last_updated)
    return expected == status.next and now > status.next
