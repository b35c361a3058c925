"""Every registry of models knows our workspaces alone, and registers a job's output once."""

from dataclasses import dataclass, field

import pytest

from shared.adapters.memory import MemoryModels
from shared.events import JobRef, ModelRef
from shared.ports import Absent, Models, Refused
from tests.contract import live
from tests.contract.azure_ml import PLACES, WORKSPACE, Workspace, write_output
from tests.contract.examples import FOREIGN

pytestmark = pytest.mark.azure_untested


@dataclass
class Registry:
    models: Models
    id: str
    real: Workspace | None = None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self._named("model")

    def _named(self, kind: live.Kind) -> str:
        return self.real.named(kind, "contract") if self.real else live.named(kind, "contract", on_record=False)

    def model(self, version: str = "1") -> ModelRef:
        return ModelRef(workspace=self.id, name=self.name, version=version)

    async def job(self) -> JobRef:
        """A job that has written an output called `model`."""
        ref = JobRef(workspace=self.id, name=self._named("job"))
        if self.real is not None:
            await write_output(self.real, ref)
        return ref


@pytest.fixture(params=PLACES)
def registry(request: pytest.FixtureRequest) -> Registry:
    if request.param == "memory":
        return Registry(MemoryModels([WORKSPACE]), WORKSPACE)
    real: Workspace = request.getfixturevalue(request.param)
    return Registry(real.models, real.id, real)


async def test_a_registered_output_is_a_model_with_its_tags(registry: Registry) -> None:
    await registry.models.register_output(await registry.job(), "model", registry.model(), {"sluice-entity": "e|f"})
    found = await registry.models.get(registry.model())
    assert found.ref == registry.model()
    assert found.tags["sluice-entity"] == "e|f"
    assert found.location.startswith("azureml://")


async def test_registering_the_same_output_again_changes_nothing(registry: Registry) -> None:
    job = await registry.job()
    for _ in range(2):
        await registry.models.register_output(job, "model", registry.model(), {"a": "b"})
    assert (await registry.models.get(registry.model())).tags["a"] == "b"


async def test_a_version_with_other_content_is_refused(registry: Registry) -> None:
    await registry.models.register_output(await registry.job(), "model", registry.model(), {})
    before = await registry.models.get(registry.model())
    with pytest.raises(Refused, match="other content"):
        await registry.models.register_output(
            JobRef(workspace=registry.id, name="another"), "model", registry.model(), {}
        )
    assert await registry.models.get(registry.model()) == before


async def test_an_unknown_model_is_absent(registry: Registry) -> None:
    with pytest.raises(Absent):
        await registry.models.get(registry.model())


async def test_the_next_version_is_one_above_the_highest_number(registry: Registry) -> None:
    assert await registry.models.next_version(registry.id, registry.name) == "1"
    job = await registry.job()
    for version in ("9", "10", "2", "beta"):
        await registry.models.register_output(job, "model", registry.model(version), {})
    assert await registry.models.next_version(registry.id, registry.name) == "11"


async def test_a_workspace_that_is_not_ours_is_refused(registry: Registry) -> None:
    foreign = ModelRef(workspace=FOREIGN, name="flights", version="1")
    with pytest.raises(Refused, match="not one of ours"):
        await registry.models.get(foreign)
    with pytest.raises(Refused, match="not one of ours"):
        await registry.models.register_output(JobRef(workspace=FOREIGN, name="j"), "model", foreign, {})
    with pytest.raises(Refused, match="not one of ours"):
        await registry.models.next_version(FOREIGN, "flights")
