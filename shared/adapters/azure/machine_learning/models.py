"""Registered models of Azure ML."""

from collections.abc import Mapping
from typing import Any

from shared.adapters.azure.machine_learning.errors import Exists, UnknownOutcome
from shared.adapters.azure.machine_learning.texts import plain
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.events import JobRef, ModelRef
from shared.ports import Absent, Models, Refused, RegisteredModel

# Says which output a version was registered from: Azure ML resolves the path we send to one that no longer tells.
ORIGIN = "sluice-output"


class AzureMLModels(Models):
    def __init__(self, workspaces: AzureMLWorkspaces) -> None:
        self._workspaces = workspaces

    async def get(self, ref: ModelRef) -> RegisteredModel:
        model = await self._workspaces.call(
            ref.workspace,
            "models",
            f"read model {ref}",
            lambda client: client.models.get(ref.name, version=ref.version),
        )
        created = model.creation_context
        return RegisteredModel(
            ref=ref,
            location=str(model.path or ""),
            tags=dict(model.tags or {}),
            created_by=str(getattr(created, "created_by", "") or ""),
            created_at=getattr(created, "created_at", None),
            created_by_type=plain(getattr(created, "created_by_type", "")),
            job=plain(getattr(model, "job_name", "")),
        )

    async def register_output(self, job: JobRef, output: str, model: ModelRef, tags: Mapping[str, str]) -> None:
        origin = f"{job.name}/{output}"
        if await self._registered(model, origin):
            return
        try:
            await self._workspaces.call(
                model.workspace,
                "models",
                f"register model {model}",
                lambda client: _register(client, job, output, model, tags),
            )
        except (Exists, UnknownOutcome):
            if not await self._registered(model, origin):
                raise

    async def _registered(self, model: ModelRef, origin: str) -> bool:
        """Whether this version is there; raises `Refused` if it came from elsewhere."""
        try:
            found = await self.get(model)
        except Absent:
            return False
        if found.tags.get(ORIGIN) != origin:
            raise Refused(f"model {model} exists with other content")
        return True

    async def next_version(self, workspace: str, name: str) -> str:
        try:
            versions = await self._workspaces.call(
                workspace, "models", f"list versions of {name}", lambda client: _versions(client, name)
            )
        except Absent:
            versions = []
        return str(1 + max((int(version) for version in versions if version.isdecimal()), default=0))


def _versions(client: Any, name: str) -> list[str]:
    from azure.ai.ml.constants import ListViewType

    # Archived versions count: their numbers are taken.
    return [str(model.version) for model in client.models.list(name=name, list_view_type=ListViewType.ALL)]


def _register(client: Any, job: JobRef, output: str, model: ModelRef, tags: Mapping[str, str]) -> None:
    from azure.ai.ml.entities import Model

    client.models.create_or_update(
        Model(
            name=model.name,
            version=model.version,
            path=f"azureml://jobs/{job.name}/outputs/{output}/paths/",
            type="custom_model",
            tags={**tags, ORIGIN: f"{job.name}/{output}"},
        )
    )
