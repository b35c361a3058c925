"""Reading blobs with the standard library alone, for the app that must start at once and stay small.

The storage SDK costs 150 ms of a start and 20 MB for the rest of the process; reading needs one GET.
https://learn.microsoft.com/rest/api/storageservices/get-blob, authorized by Shared Key, by a SAS, or by the app's own
identity (then, and only then, azure-identity is imported).
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from shared.events import EndpointRef, Entity
from shared.ports import Absent, Manifest, Unavailable
from shared.ports.models.serving import MOST_SERVED

_VERSION = "2024-11-04"
_TIMEOUT_S = 20
_SCOPE = "https://storage.azure.com/.default"
_TRIES = 2
# Names of the blobs asked for here hold nothing that XML would escape.
_NAME = re.compile(rb"<Name>([^<&]*)</Name>")
# What `UseDevelopmentStorage=true` stands for; the key is everybody's.
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
_DEVELOPMENT = {
    "AccountName": "devstoreaccount1",
    "AccountKey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "BlobEndpoint": "http://127.0.0.1:10000/devstoreaccount1",
}


class BlobReader:
    """`address` is a connection string, or the account's blob URL; raises `ValueError` if it is neither.

    One connection, kept, one request at a time.
    """

    def __init__(self, address: str) -> None:
        fields = dict(part.split("=", 1) for part in address.split(";") if "=" in part)
        fields = fields if fields.get("UseDevelopmentStorage") != "true" else _DEVELOPMENT
        self._by_identity = address.startswith(("https://", "http://"))
        url = urlsplit(address if self._by_identity else _endpoint(fields))
        # As to the SDK: a host of Azure names the account, and whatever follows it is no part of the address.
        self._root = "" if ".blob.core." in url.netloc else url.path.rstrip("/")
        self._secure, self._host = url.scheme == "https", url.netloc
        self.url = f"{url.scheme}://{url.netloc}{self._root}"
        self._account = fields.get("AccountName", "")
        self._key = base64.b64decode(fields.get("AccountKey", ""))
        self._sas = fields.get("SharedAccessSignature", "").lstrip("?")
        self._credential: Any = None
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()

    async def read(self, container: str, name: str) -> bytes:
        """The whole blob, off the event loop. Raises `Absent` or `Unavailable`."""
        return await asyncio.to_thread(self._read, f"/{container}/{quote(name)}")

    async def names(self, container: str, prefix: str, most: int) -> list[str]:
        """Of the first blobs, in their order, whose names begin so. Raises `Unavailable`.

        One call: https://learn.microsoft.com/rest/api/storageservices/list-blobs
        """
        asked = {"comp": "list", "maxresults": str(most), "prefix": prefix, "restype": "container"}
        body = await asyncio.to_thread(self._read, f"/{container}", asked)
        return [name.decode() for name in _NAME.findall(body)]

    def close(self) -> None:
        with self._lock:
            self._drop()
            if self._credential is not None:
                self._credential.close()

    def _read(self, path: str, asked: Mapping[str, str] = MappingProxyType({})) -> bytes:
        with self._lock:
            for left in reversed(range(_TRIES)):
                try:
                    status, code, body = self._get(self._root + path, asked)
                except (OSError, http.client.HTTPException) as error:
                    self._drop()  # a connection that was kept may be gone by now: the next try opens another
                    if not left:
                        raise Unavailable(f"read {path[1:]}: {type(error).__name__}") from error
                    continue
                if status == 200:
                    return body
                if status == 404 and code == "BlobNotFound":
                    raise Absent(f"read {path[1:]}: {status} {code}")
                if status < 500 or not left:
                    raise Unavailable(f"read {path[1:]}: {status} {code}")
        raise AssertionError("the last try returns or raises")

    def _get(self, path: str, asked: Mapping[str, str]) -> tuple[int, str, bytes]:
        """Status, the storage's error code, and the body; `asked` is the query."""
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, timeout=_TIMEOUT_S)
        headers = {"x-ms-date": format_datetime(datetime.now(UTC), usegmt=True), "x-ms-version": _VERSION}
        query = [urlencode(asked, quote_via=quote)] if asked else []
        if self._by_identity:
            headers["authorization"] = f"Bearer {self._token()}"
        elif self._sas:
            query.append(self._sas)
        else:
            headers["authorization"] = f"SharedKey {self._account}:{self._signature(path, headers, asked)}"
        self._connection.request("GET", "?".join([path, "&".join(query)]) if query else path, headers=headers)
        response = self._connection.getresponse()
        return response.status, response.getheader("x-ms-error-code", ""), response.read()

    def _signature(self, path: str, headers: dict[str, str], asked: Mapping[str, str]) -> str:
        """https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key"""
        canonical = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
        query = "".join(f"\n{name}:{value}" for name, value in sorted(asked.items()))
        text = "GET" + "\n" * 12 + canonical + f"/{self._account}{path}{query}"
        return base64.b64encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest()).decode()

    def _token(self) -> str:
        if self._credential is None:
            from azure.identity import DefaultAzureCredential

            self._credential = DefaultAzureCredential()
        token: str = self._credential.get_token(_SCOPE).token  # cached by the credential until it is about to expire
        return token

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _endpoint(fields: dict[str, str]) -> str:
    if "BlobEndpoint" in fields:
        return fields["BlobEndpoint"]
    if "AccountName" not in fields:
        raise ValueError("storage: a connection string with AccountName or BlobEndpoint, or a blob URL, is required")
    protocol, suffix = fields.get("DefaultEndpointsProtocol", "https"), fields.get("EndpointSuffix", "core.windows.net")
    return f"{protocol}://{fields['AccountName']}.blob.{suffix}"


def endpoint_of(blob: str) -> EndpointRef:
    """The endpoint whose manifest has this name."""
    return EndpointRef.from_entity(Entity.from_table_key(blob.removesuffix(".json")))


class ReadManifests:
    """Serving manifests, read only."""

    def __init__(self, blobs: BlobReader, container: str = "serving") -> None:
        self._blobs = blobs
        self._container = container

    async def read(self, endpoint: EndpointRef) -> Manifest:
        """Generation 0 when nothing was ever served. Raises `Unavailable`."""
        try:
            body = await self._blobs.read(self._container, f"{endpoint.entity.table_key}.json")
        except Absent:
            return Manifest(endpoint=endpoint)
        return Manifest.model_validate_json(body)

    async def served(self, workspace: str) -> tuple[EndpointRef, ...]:
        """As the port says; at the price of one call."""
        prefix = Entity.table_keys_of(workspace, "endpoint")
        return tuple(map(endpoint_of, await self._blobs.names(self._container, prefix, MOST_SERVED)))


class ReadPackages:
    """Adopted model packages, read only."""

    def __init__(self, blobs: BlobReader, container: str = "models") -> None:
        self._blobs = blobs
        self._container = container

    async def read(self, digest: str, name: str) -> bytes:
        """One file of an adopted package; its caller checks the digest. Raises `Absent` or `Unavailable`."""
        return await self._blobs.read(self._container, f"{digest}/{name}")
