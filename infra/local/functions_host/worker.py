"""Microsoft's worker library (azure-functions-runtime 1.3.0), called as Azure's worker for Python 3.13 calls it.

That worker is a gRPC front, which hands each request to this library's functions as it came, in protobuf. So does this
host, without the gRPC. The library keeps the app in module globals, which is why a host process serves exactly one app.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.tracing import Trace
from infra.local.functions_host.worker_protocol import protos

# Protobuf's classes are made when they are imported, so no type checker knows them.
TypedData = Any
Inputs = Sequence[tuple[str, TypedData]]
TriggerMetadata = Mapping[str, TypedData]


@dataclass(frozen=True)
class Attempt:
    """Which attempt of an invocation this is; `count` is 0 on the first, `error` what the one before failed with."""

    count: int = 0
    max_count: int = 0
    error: str | None = None


FIRST_ATTEMPT = Attempt()


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What the function did: its `$return` and its named outputs, or the error and where it was raised.

    `overran` is one that had not ended by its time-out and the grace after it.
    """

    ok: bool
    returned: TypedData | None
    outputs: Sequence[tuple[str, TypedData]]
    error: str | None = None
    stack_trace: str = ""
    overran: bool = False


async def index(app_directory: Path) -> list[Any]:
    """The library's metadata of every function of the app. Raises `HostError` with what its indexer rejected."""
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_directory))
    properties = {"host": "127.0.0.1", "protos": protos}
    request = SimpleNamespace(request=SimpleNamespace(worker_init_request=init), properties=properties)
    response = await runtime.worker_init_request(request)
    if response.result.status != protos.StatusResult.Success:
        problem = response.result.exception
        raise HostError(f"{app_directory}: {problem.message}\n{problem.stack_trace}")
    metadata = (await runtime.functions_metadata_request(None)).function_metadata_results
    if not metadata:
        raise HostError(f"{app_directory}: no function_app.py with functions in it")
    return list(metadata)


def invocation(
    invocation_id: str, function_id: str, inputs: Inputs, metadata: TriggerMetadata, attempt: Attempt, trace: Trace
) -> Any:
    """The request for one attempt, as the host sends it."""
    return protos.InvocationRequest(
        invocation_id=invocation_id,
        function_id=function_id,
        input_data=[protos.ParameterBinding(name=name, data=data) for name, data in inputs],
        trigger_metadata=metadata,
        trace_context=protos.RpcTraceContext(trace_parent=trace.parent, trace_state=trace.state),
        retry_context=protos.RetryContext(
            retry_count=attempt.count,
            max_retry_count=attempt.max_count,
            exception=protos.RpcException(message=attempt.error) if attempt.error else None,
        ),
    )


async def invoke(request: Any) -> WorkerResult:
    """Run the function once; user errors come back as a failed result, never as an exception."""
    response = await runtime.invocation_request(SimpleNamespace(request=SimpleNamespace(invocation_request=request)))
    problem = response.result.exception
    return WorkerResult(
        ok=response.result.status == protos.StatusResult.Success,
        returned=response.return_value if response.HasField("return_value") else None,
        outputs=[(each.name, each.data) for each in response.output_data],
        error=problem.message or None,
        stack_trace=problem.stack_trace,
    )


def stop() -> None:
    """Wait for the threads of synchronous functions and end them."""
    runtime.stop_threadpool_executor()
