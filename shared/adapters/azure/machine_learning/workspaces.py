"""Azure ML clients, one for each of our workspaces, called on threads: the SDK knows no asyncio.

Each area of a workspace (its jobs, its models) has threads of its own, as it has a service of its own in Azure.

The SDK takes seconds to import, so that happens at the first call, on one of these threads.
"""

import logging
import threading
from collections.abc import Callable, Collection
from typing import Any, Literal

from azure.core.credentials import TokenCredential
from azure.identity import DefaultAzureCredential

from shared.adapters.azure.machine_learning.errors import meaning
from shared.adapters.azure.threads import BoundedThreads
from shared.adapters.azure.transports import TIMEOUTS, Call, ThreadedTransport
from shared.adapters.workspaces import canonical_id, refuse_foreign

# The reactor owns the long retries: the SDK must not sleep inside an effect for longer than its lease allows.
_OPTIONS: dict[str, Any] = {
    "retry_total": 2,
    "retry_backoff_factor": 0.5,
    "polling_interval": 2,
    "show_progress": False,
    "enable_telemetry": False,
}
# These bring a handler of their own and write to stderr.
_LOUD = (
    "azure.ai.ml",
    "azure.ai.ml._utils._endpoint_utils",
    "azure.ai.ml._utils._package_utils",
    "azure.ai.ml._arm_deployments.arm_deployment_executor",
    "azure.ai.ml._local_endpoints.docker_client",
)


type Area = Literal["jobs", "models"]
AREAS: tuple[Area, ...] = ("jobs", "models")


class AzureMLWorkspaces:
    """`workspaces` are full resource ids; every other workspace is refused."""

    def __init__(
        self,
        workspaces: Collection[str],
        credential: Callable[..., TokenCredential] = DefaultAzureCredential,
        threads: int = 4,
    ) -> None:
        self._workspaces = {canonical_id(workspace): workspace for workspace in workspaces}
        self._credential = credential
        # A workspace that is slow, or throttles, keeps nobody waiting for another, nor its jobs for its models.
        self._threads = {
            (each, area): BoundedThreads(f"azure-ml-{each.rpartition('/')[2]}-{area}", threads)
            for each in self._workspaces
            for area in AREAS
        }
        self._lock = threading.Lock()
        self._transport = ThreadedTransport(**TIMEOUTS)
        self._clients: dict[str, Any] = {}

    async def call[T](self, workspace: str, area: Area, doing: str, operation: Callable[[Any], T]) -> T:
        """Run `operation(client)` on a thread of that area; raises what the ports promise.

        Cancelled, it sends nothing more; a request that is under way keeps its thread until it is answered.
        """
        refuse_foreign(workspace, self._workspaces)
        name = canonical_id(workspace)
        return await self._threads[name, area].run(lambda call: self._run(name, doing, operation, call))

    def _run[T](self, workspace: str, doing: str, operation: Callable[[Any], T], call: Call) -> T:
        client = self._client(workspace)
        self._transport.begin(call)
        try:
            return operation(client)
        except Exception as error:  # raised again, by its meaning
            known = meaning(error, doing)
            if known is error:
                raise
            raise known from error

    def _client(self, workspace: str) -> Any:
        with self._lock:
            if workspace not in self._clients:
                self._clients[workspace] = _open(self._workspaces[workspace], self._credential, self._transport)
            return self._clients[workspace]

    def close(self) -> None:
        for threads in self._threads.values():
            threads.close()


def _open(workspace: str, credential: Callable[..., TokenCredential], transport: ThreadedTransport) -> Any:
    """An `MLClient`; makes no call."""
    from azure.ai.ml import MLClient

    for name in _LOUD:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.ERROR)
    # Reports every call, and every 404 as an error; what matters of that is in our own errors.
    logging.getLogger("azure.ai.ml._telemetry").setLevel(logging.CRITICAL)
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    _, subscription, _, group, _, _, _, name = workspace.strip("/").split("/")
    return MLClient(credential(transport=transport), subscription, group, name, transport=transport, **_OPTIONS)
