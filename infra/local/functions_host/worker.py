"""Microsoft's worker library (azure-functions-runtime 1.3.0): its classic seam to index, its native seam to invoke.

The library keeps the app in module globals, which is why a host process serves exactly one app.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from infra.local.functions_host import worker_protocol
from infra.local.functions_host.errors import HostError

Inputs = Sequence[tuple[str, Datum]]
TriggerMetadata = Mapping[str, Datum]


@dataclass(frozen=True)
class Attempt:
    """Which attempt of an invocation this is; `count` is 0 on the first, `error` what the one before failed with."""

    count: int = 0
    max_count: int = 0
    error: str | None = None


FIRST_ATTEMPT = Attempt()


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What the function did: its `$return` and its named outputs, or the error and its traceback."""

    ok: bool
    returned: Datum | None
    outputs: Sequence[tuple[str, Datum]]
    error: str | None = None


async def index(app_directory: Path) -> list[Any]:
    """The library's metadata of every function of the app. Raises `HostError` with what its indexer rejected."""
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_directory))
    properties = {"host": "127.0.0.1", "protos": worker_protocol.namespace()}
    request = SimpleNamespace(request=SimpleNamespace(worker_init_request=init), properties=properties)
    response = await runtime.worker_init_request(request)
    if response.result.status != worker_protocol.StatusResult.Success:
        problem = response.result.exception
        raise HostError(f"{app_directory}: {problem.message}\n{problem.stack_trace}")
    metadata = (await runtime.functions_metadata_request(None)).function_metadata_results
    if not metadata:
        raise HostError(f"{app_directory}: no function_app.py with functions in it")
    return list(metadata)


async def invoke(
    invocation_id: str, function_id: str, inputs: Inputs, metadata: TriggerMetadata, attempt: Attempt
) -> WorkerResult:
    """Run the function once; user errors come back as a failed result, never as an exception."""
    error = attempt.error and SimpleNamespace(message=attempt.error, source="", stack_trace="")
    ok, returned, outputs, problem, _traceback = await invocation_request_native(
        invocation_id,
        function_id,
        inputs,
        metadata,
        retry_count=attempt.count,
        max_retry_count=attempt.max_count,
        retry_exception=error,
    )
    return WorkerResult(ok, returned, outputs, problem)


def stop() -> None:
    """Wait for the threads of synchronous functions and end them."""
    runtime.stop_threadpool_executor()
