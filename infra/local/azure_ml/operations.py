"""Long-running operations: a change is kept beside its resource until it is done, and so survives a restart."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from infra.local.azure_ml.answer import Answer, Asked, Lro
from infra.local.azure_ml.arm import PROVIDER, conflict, not_found
from infra.local.azure_ml.resources import Json, Resource, system_data, utc_now
from infra.local.azure_ml.state import State

DURATION_S = 0.3
POLL_AFTER_S = "1"
_FAILURE = {"code": "ResourceOperationFailure", "message": "The operation was made to fail."}


class Operations:
    """`done` is told of each resource whose change succeeded."""

    def __init__(self, state: State, done: Callable[[Resource], None]) -> None:
        self._state, self._done = state, done
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, asked: Asked, path: str, body: Json) -> Answer:
        """Create or replace a resource, at once or as an operation."""
        existing = self._state.resources.get(path)
        status = 200 if existing else 201
        if self._immediate(asked):
            resource = self._apply(path, body, existing)
            return Answer(status, resource.body)
        # An update shows its old content until it is done; a creation has no old content to show.
        shown = dict(existing.body if existing else body)
        shown["properties"] = shown["properties"] | {"provisioningState": "Updating" if existing else "Creating"}
        return self._start(asked, path, shown, {"body": body, "created": existing is None}, status)

    def delete(self, asked: Asked, resource: Resource) -> Answer:
        if self._immediate(asked):
            self._state.resources.delete(resource.path)
            return Answer(200)
        shown = resource.body | {"properties": resource.properties | {"provisioningState": "Deleting"}}
        return self._start(asked, resource.path, shown, {"body": None, "created": False}, 202)

    def check_idle(self, *resources: Resource | None) -> None:
        """Raise `ArmError` 409 while a change of one of these is under way."""
        for resource in resources:
            if resource is not None and resource.meta.get("pending"):
                raise conflict(f"Another operation on {resource.path} is in progress.")

    def status(self, identifier: str) -> Answer:
        operation = self._state.resources.get(f"-/operations/{identifier}")
        if operation is None:
            raise not_found(f"operation {identifier}")
        running = operation.body["status"] == "InProgress"
        return Answer(200, operation.body, {"Retry-After": POLL_AFTER_S} if running else {})

    def resume(self) -> None:
        """Go on with what was under way when the emulator stopped."""
        for resource in self._state.resources.all():
            if resource.meta.get("pending"):
                self._schedule(resource.path)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _immediate(self, asked: Asked) -> bool:
        return self._state.config.operations == "fast" and asked.lro is None

    def _start(self, asked: Asked, path: str, shown: Json, pending: Json, status: int) -> Answer:
        identifier = str(uuid4())
        wanted = asked.lro or Lro()
        location = f"/subscriptions/{self._state.config.subscription_id}/providers/{PROVIDER}/locations/local"
        url = f"{location}/mfeOperationsStatus/{identifier}"
        body = {"id": url, "name": identifier, "status": "InProgress", "startTime": utc_now()}
        self._state.resources.put(Resource(f"-/operations/{identifier}", body))
        existing = self._state.resources.get(path)
        meta = {"pending": pending | {"operation": identifier, "outcome": wanted.outcome, "seconds": wanted.seconds}}
        self._state.resources.put(Resource(path, shown, meta, existing.seq if existing else 0))
        self._schedule(path)
        address = f"{asked.base}{url}?api-version=2024-04-01"
        return Answer(
            status,
            None if status == 202 else shown,
            {
                "Azure-AsyncOperation": address,
                "Location": address,
                "Retry-After": POLL_AFTER_S,
                "x-ms-async-operation-timeout": "PT1H",
            },
        )

    def _schedule(self, path: str) -> None:
        task = asyncio.create_task(self._finish(path))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, path: str) -> None:
        started = self._state.resources.get(path)
        seconds = started.meta["pending"].get("seconds") if started else None
        await asyncio.sleep(DURATION_S if seconds is None else seconds)
        resource = self._state.resources.get(path)
        if resource is None:
            return
        pending = resource.meta["pending"]
        if pending["outcome"] == "never":
            return
        if pending["outcome"] == "fail":
            self._settle(resource, pending, "Failed", _FAILURE)
        elif pending["body"] is None:
            self._state.resources.delete(path)
            self._close_operation(pending["operation"], "Succeeded")
        else:
            self._apply(path, pending["body"], resource)
            self._close_operation(pending["operation"], "Succeeded")

    def _settle(self, resource: Resource, pending: Json, status: str, error: Json) -> None:
        """A failed creation stays behind as Failed; a failed update leaves the old content, as Failed too."""
        body = resource.body | {"properties": resource.properties | {"provisioningState": "Failed"}}
        self._state.resources.put(Resource(resource.path, body, {}, resource.seq))
        self._close_operation(pending["operation"], status, error)

    def _apply(self, path: str, body: Json, existing: Resource | None) -> Resource:
        complete = body | {
            "properties": body["properties"] | {"provisioningState": "Succeeded"},
            "systemData": system_data(existing),
        }
        resource = self._state.resources.put(Resource(path, complete, {}, existing.seq if existing else 0))
        self._done(resource)
        return resource

    def _close_operation(self, identifier: str, status: str, error: Json | None = None) -> None:
        operation = self._state.resources.get(f"-/operations/{identifier}")
        if operation is None:
            return
        operation.body |= {"status": status, "endTime": utc_now()} | ({"error": error} if error else {})
        self._state.resources.put(operation)
