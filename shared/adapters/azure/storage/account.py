"""Clients of one storage account, and what their errors mean to a port."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.adapters.azure.storage.tables import Tables
from shared.adapters.azure.transports import TIMEOUTS, AsyncTransport
from shared.ports import Absent, Moved, Refused, Unavailable

# The reactor owns the long retries: an SDK must not sleep inside an effect for longer than its lease allows. Where the
# service asks for a pause, it does not sleep at all (`transports`).
_BLOB_BACK_OFF: dict[str, Any] = {"initial_backoff": 0.3, "increment_base": 1, "random_jitter_range": 0.2}
_BLOB_OPTIONS: dict[str, Any] = {"retry_total": 2, **_BLOB_BACK_OFF}
_TABLE_OPTIONS: dict[str, Any] = {"retry_total": 2, "retry_backoff_factor": 0.3, **TIMEOUTS}

_NEVER = datetime.min.replace(tzinfo=UTC)
_NOT_PROVISIONED = {"TableNotFound", "ContainerNotFound", "TableBeingDeleted", "ContainerBeingDeleted"}
# A 400 that is about the token, not about what was asked.
_NOT_KNOWN_YET = {"InvalidAuthenticationInfo"}


@dataclass
class Storage:
    """`address` is a connection string, or the account's blob URL for the app's own identity.

    A client exists from its first use on, so that an app without rights on tables needs no table endpoint.
    """

    address: str = field(repr=False)

    @cached_property
    def _credential(self) -> DefaultAzureCredential:
        return DefaultAzureCredential(transport=AsyncTransport(**TIMEOUTS))

    @property
    def _by_identity(self) -> bool:
        return self.address.startswith("https://")

    @cached_property
    def blobs(self) -> BlobServiceClient:
        if self._by_identity:
            return BlobServiceClient(self.address, credential=self._credential, **_blob_options())
        return BlobServiceClient.from_connection_string(self.address, **_blob_options())

    @property
    def account(self) -> str:
        """The account's name, as Azure's events spell it."""
        return str(self.blobs.account_name)

    def container(self, place: str) -> ContainerClient:
        """A container of this account by its name, or of another account by its URL and the app's own identity."""
        if place.startswith("https://"):
            return ContainerClient.from_container_url(place, credential=self._credential, **_blob_options())
        return self.blobs.get_container_client(place)

    @cached_property
    def tables(self) -> TableServiceClient:
        if self._by_identity:
            url = self.address.replace(".blob.", ".table.", 1)
            return Tables(url, credential=self._credential, **_TABLE_OPTIONS)
        return Tables.from_connection_string(self.address, **_TABLE_OPTIONS)

    async def close(self) -> None:
        for name in ("blobs", "tables", "_credential"):
            if name in vars(self):
                await vars(self)[name].close()


def _blob_options() -> dict[str, Any]:
    """A transport for each client, which closes it with itself."""
    return {"transport": AsyncTransport(**TIMEOUTS), **_BLOB_OPTIONS}


def storage_clients(address: str) -> Storage:
    """Clients for setting `SLUICE_STORAGE`; no call is made before the first use."""
    return Storage(address)


@dataclass
class ServerTime:
    """The store's own clock: a hook that takes it, in whole seconds, from the last answer."""

    now: datetime = _NEVER

    def __call__(self, response: Any) -> None:
        self.now = parsedate_to_datetime(response.http_response.headers["Date"])


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Raise `Absent`, `Moved`, `Refused` or `Unavailable` for what the storage SDKs raise."""
    try:
        yield
    except HttpResponseError as error:
        raise _meaning(error, doing) from error
    except Unavailable as asked:
        raise Unavailable(f"{doing}: {asked}", pause=asked.pause) from asked
    except (AzureError, OSError) as error:
        raise Unavailable(f"{doing}: {type(error).__name__}") from error


def _meaning(error: HttpResponseError, doing: str) -> Exception:
    """Both families count: a failed transaction is no `ResourceModifiedError`, but has the same status."""
    raw = getattr(error, "error_code", None) or ""
    code = str(getattr(raw, "value", raw))
    text = f"{doing}: {error.status_code} {code}".rstrip()
    if code in _NOT_PROVISIONED | _NOT_KNOWN_YET:
        return Unavailable(text)
    kinds: dict[int, type[Exception]] = {404: Absent, 409: Moved, 412: Moved, 400: Refused, 413: Refused}
    # 401 and 403 are Unavailable: a role assignment takes minutes to arrive, and nothing may be lost meanwhile.
    return kinds.get(error.status_code or 0, Unavailable)(text)
