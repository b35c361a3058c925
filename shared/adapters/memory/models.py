"""Registered models in a dictionary."""

from collections.abc import Collection, Mapping

from shared.adapters.workspaces import refuse_foreign
from shared.events import JobRef, ModelRef
from shared.ports import Absent, Models, Refused, RegisteredModel


class MemoryModels(Models):
    """`workspaces` are the full resource ids we know; `models` holds what is registered."""

    def __init__(self, workspaces: Collection[str]) -> None:
        self._workspaces = workspaces
        self.models: dict[ModelRef, RegisteredModel] = {}

    def register(self, model: RegisteredModel) -> None:
        self.models[model.ref] = model

    async def get(self, ref: ModelRef) -> RegisteredModel:
        refuse_foreign(ref.workspace, self._workspaces)
        if ref not in self.models:
            raise Absent(f"model {ref} does not exist")
        return self.models[ref]

    async def register_output(self, job: JobRef, output: str, model: ModelRef, tags: Mapping[str, str]) -> None:
        refuse_foreign(model.workspace, self._workspaces)
        place = f"azureml://jobs/{job.name}/outputs/{output}/paths/"
        wanted = RegisteredModel(model, place, dict(tags), "sluice", created_by_type="ManagedIdentity", job=job.name)
        if self.models.setdefault(model, wanted).location != wanted.location:
            raise Refused(f"model {model} exists with other content")

    async def next_version(self, workspace: str, name: str) -> str:
        refuse_foreign(workspace, self._workspaces)
        versions = [ref.version for ref in self.models if (ref.workspace, ref.name) == (workspace.lower(), name)]
        return str(1 + max((int(version) for version in versions if version.isdecimal()), default=0))
