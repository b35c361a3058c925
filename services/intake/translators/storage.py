"""Azure Storage's events: a blob that arrived in container `batch-in` asks to be scored.

https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage. The blob's name is the subject's, which is spelt
plainly; the address in `data.url` may be of another endpoint (dfs) and percent-encoded.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.intake.event_grid import AzureEvent, text
from shared.events import BatchRequested, EndpointRef, Envelope, FileRef, Unreadable, derive_id
from shared.policies import PolicyDocument

PREFIX = "microsoft.storage."
SOURCE = "/sluice/intake"
_ACCOUNT = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.storage/storageaccounts/([^/]+)")
_BATCH_IN = "/blobServices/default/containers/batch-in/blobs/"
# In a hierarchical namespace a file begins empty, and is told of again (FlushWithClose) when it is whole.
_NOT_YET_WRITTEN = "createfile"


def of_account(account: str) -> Callable[[AzureEvent, PolicyDocument, datetime], Envelope[Any] | None]:
    """A translator for the blobs of this account; those of other accounts and containers are not for us."""

    def translate(event: AzureEvent, policy: PolicyDocument, now: datetime) -> Envelope[Any] | None:
        """Our fact, or None when the event is not for us. Raises `Unreadable` naming the field."""
        if event.type.lower() != f"{PREFIX}blobcreated" or not _is_of(event.resource, account):
            return None
        if not event.subject.startswith(_BATCH_IN) or text(event.data, "api").lower() == _NOT_YET_WRITTEN:
            return None
        if _is_empty(event):
            return None
        name = event.subject.removeprefix(_BATCH_IN)
        return _requested(event, name, policy.home(name.partition("/")[0]), now)

    return translate


def _is_of(resource: str, account: str) -> bool:
    found = _ACCOUNT.fullmatch("/" + resource.strip("/").lower())
    return bool(account) and found is not None and found[1] == account.lower()


def _is_empty(event: AzureEvent) -> bool:
    """Copies and appended blobs are told of empty first, and again when there is something in them to score."""
    return text(event.data, "contentlength").strip("0") == ""


def _requested(event: AzureEvent, name: str, workspace: str, now: datetime) -> Envelope[BatchRequested]:
    """A blob under one ETag is one request, however often and in whichever schema it is told of."""
    try:
        file = FileRef(
            workspace=workspace, name=name, etag=text(event.data, "etag"), size=int(text(event.data, "contentlength"))
        )
    except ValidationError as error:
        field = {"name": "subject", "size": "data.contentlength"}.get(str(error.errors()[0]["loc"][-1]), "data.etag")
        raise Unreadable(f"{field}: {error.errors()[0]['msg']}") from error
    except ValueError as error:
        raise Unreadable(str(error) if isinstance(error, Unreadable) else "data.contentlength: a number") from error
    return Envelope(
        id=derive_id("intake", workspace, "batch-in", file.name, file.etag),
        source=SOURCE,
        time=now,
        data=BatchRequested(file=file, endpoint=_endpoint(file)),
        correlation_id=event.id,
        causation_id=event.id,
    )


def _endpoint(file: FileRef) -> EndpointRef | None:
    """`<endpoint>/<name>` says whose model scores it; of a name that does not, the service says what is wrong."""
    return EndpointRef(workspace=file.workspace, name=file.folder) if file.folder else None
