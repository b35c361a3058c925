"""HTTP requests as the worker library sees them."""

from typing import Any

from infra.local.functions_host.http.messages import Request
from infra.local.functions_host.worker_protocol import protos


def request_data(request: Request, parameters: dict[str, str]) -> Any:
    """A body of unknown length (chunked) does not reach the function."""
    http = protos.RpcHttp(
        method=request.method,
        url=request.url,
        headers=request.joined_headers,
        query=request.query,
        params=parameters,
        body=protos.TypedData(bytes=request.body) if request.body else None,
    )
    return protos.TypedData(http=http)
