"""Removes what a run made, and says what it could not."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.adapters.azure.storage.account import storage_clients
from shared.ports import Absent
from tests.azure_live.record import PLURALS
from tests.azure_live.settings import Settings
from tests.contract.live import PATIENCE_S, Kind
from tests.support.eventually import eventually

_NONE = "/subscriptions/none/resourceGroups/none/providers/none/workspaces/none"
_ENDED = ("Completed", "Failed", "Canceled", "NotResponding")


async def remove(settings: Settings, left: list[tuple[Kind, str]]) -> list[str]:
    """What could not be removed, and why; what was never made is no failure."""
    storage, workspaces = storage_clients(settings.storage), AzureMLWorkspaces([settings.workspace or _NONE])
    ways: dict[Kind, Callable[[str], Awaitable[Any]]] = {
        "table": lambda name: storage.tables.delete_table(name),  # one that is not there is nothing to it
        "container": lambda name: storage.blobs.delete_container(name),
        "job": lambda name: workspaces.call(settings.workspace, "jobs", "remove a job", partial(_remove_job, name)),
        "model": lambda name: workspaces.call(
            settings.workspace, "models", "remove a model", partial(_remove_model, name)
        ),
    }
    try:
        answers = await asyncio.gather(*(ways[kind](name) for kind, name in left), return_exceptions=True)
    finally:
        await storage.close()
        workspaces.close()
    return [why for (kind, name), answer in zip(left, answers, strict=True) if (why := _why(kind, name, answer))]


def _why(kind: Kind, name: str, answer: object) -> str:
    """Nothing, where the thing is gone, or never was: a run may end between the record and the call."""
    if isinstance(answer, BaseException) and not isinstance(answer, ResourceNotFoundError | Absent):
        return f"{kind} {name}: {type(answer).__name__}: {answer}".partition("\n")[0]
    return ""


def _remove_job(name: str, client: Any) -> None:
    """Only a job that has ended can be deleted."""
    if client.jobs.get(name).status not in _ENDED:
        client.jobs.begin_cancel(name).result()
    eventually(lambda: client.jobs.get(name).status in _ENDED, PATIENCE_S, every_s=1)
    client.jobs.begin_delete(name).result()


def _remove_model(name: str, client: Any) -> None:
    """The client can only archive; what it calls for that can delete as well."""
    models = client.models
    scope = {"resource_group_name": models._resource_group_name, "workspace_name": models._workspace_name}
    for model in list(models.list(name=name)):
        models._model_versions_operation.delete(name=name, version=model.version, **scope)


def said(made: list[tuple[Kind, str]], failed: list[str]) -> list[str]:
    """What was made and is gone, in numbers."""
    numbers = {kind: sum(each == kind for each, _ in made) for kind in PLURALS}
    counts = ", ".join(f"{number} {PLURALS[kind]}" for kind, number in numbers.items())
    return [
        f"test-azure: made: {counts}; removed: {len(made) - len(failed)} of {len(made)}",
        *(f"  not removed: {each}" for each in failed),
    ]
