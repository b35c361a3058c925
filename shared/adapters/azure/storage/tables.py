"""The tables SDK's clients, with a transaction written and read by `changesets`: all else is the SDK's own.

`_batch_send` is where the SDK makes one call of many operations. It is not public: a release that no longer has it
makes that call its own way again, which is slower and nothing else.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.request import getproxies

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpRequest
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.adapters.azure.storage import changesets
from shared.adapters.azure.transports import AsyncTransport

_HEADERS = {"DataServiceVersion": "3.0", "MaxDataServiceVersion": "3.0;NetFx", "Accept": "application/json"}


class Tables(TableServiceClient):
    """Every table's client shares its connections; closing this closes them."""

    def __init__(self, endpoint: str, **options: Any) -> None:
        # Where proxies are asked for, aiohttp looks for them, and for a netrc, in a thread at every call.
        transport = AsyncTransport(use_env_settings=bool(getproxies()), **options)
        self._shared = {**options, "transport": transport}
        super().__init__(endpoint, **self._shared)

    def get_table_client(self, table_name: str, **kwargs: Any) -> "Table":
        return Table(self.url, table_name, **self._shared, **kwargs)


class Table(TableClient):
    @cached_property
    def _batches(self) -> tuple[str, dict[str, str]]:
        """Where transactions go, and the headers that all of them have."""
        return f"{self.scheme}://{self._primary_hostname}/$batch", {**_HEADERS, "x-ms-version": self.api_version}

    async def _batch_send(self, table_name: str, *reqs: HttpRequest, **kwargs: Any) -> list[Mapping[str, Any]]:
        content_type, body = changesets.write(reqs)
        url, headers = self._batches
        # `stream`: the SDK's pipeline would decode the body otherwise, and knows no multipart.
        request = HttpRequest("POST", url, headers={**headers, "Content-Type": content_type}, content=body)
        response = await self._client.send_request(request, stream=True, **kwargs)
        said = await response.read()
        if response.status_code != 202:
            code = changesets.code_of(said) or response.headers.get("x-ms-error-code", "")
            raise TransactionFailed(response.status_code, code)
        return _versions(changesets.read(said), len(reqs))


class TransactionFailed(HttpResponseError):
    """Nothing of it was done."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status_code, self.error_code = status, code


def _versions(answers: list[changesets.Answer], expected: int) -> list[Mapping[str, Any]]:
    """As `submit_transaction` returns them. Raises `TransactionFailed`, and `AzureError` where nobody can say."""
    for answer in answers:
        if answer.code or not 200 <= answer.status < 300:
            raise TransactionFailed(answer.status, answer.code)
    if len(answers) != expected:
        raise AzureError(f"{len(answers)} answers to {expected} operations")
    return [{"etag": answer.etag} if answer.etag else {} for answer in answers]
