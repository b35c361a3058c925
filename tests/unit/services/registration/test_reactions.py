"""What registration finds out before it decides, over ports in memory."""

import pytest

from services.registration.effects import AdoptPackage
from services.registration.policy import RegisteredModelKnown, Registration
from services.registration.reactions import gather_model, service
from shared.adapters.memory import MemoryLedger, MemoryModelPackages, MemoryModels
from shared.adapters.memory.jobs import MemoryJobs
from shared.events import ActionFailed, ModelRegistered
from shared.packages import digest
from shared.ports import Refused, RegisteredModel
from tests.support.builders import model_ref, policy_document
from tests.support.onnx_models import package_files

POLICY = policy_document()
FILES = package_files()
EVENT = ModelRegistered(model=model_ref(), tags={"sluice-requester": "liar@example.com"})


def model(created_by: str = "dana@example.com", **tags: str) -> RegisteredModel:
    return RegisteredModel(
        model_ref(),
        "models/1",
        {key.replace("_", "-"): value for key, value in tags.items()},
        created_by,
        created_by_type="User",
    )


async def gathered(models: MemoryModels, packages: MemoryModelPackages) -> RegisteredModelKnown:
    return await gather_model(EVENT, Registration(), models, MemoryJobs([]), packages, MemoryLedger(), POLICY)


@pytest.fixture
def models() -> MemoryModels:
    found = MemoryModels(list(POLICY.workspace_ids))
    found.register(model())
    return found


@pytest.fixture
def packages() -> MemoryModelPackages:
    found = MemoryModelPackages()
    found.locations["models/1"] = FILES
    return found


async def test_a_graph_that_contradicts_its_signature_is_rejected_before_anything_runs(
    models: MemoryModels, packages: MemoryModelPackages
) -> None:
    spoilt = FILES["signature.json"].replace(b'"INT64", "shape": [-1]', b'"INT32", "shape": [-1]')
    packages.locations["models/1"] = {**FILES, "signature.json": spoilt}
    known = await gathered(models, packages)
    assert known.digest is None
    assert known.problem == (
        "model.onnx: output 'label': the graph has datatype INT64, signature.json says INT32: say what the graph has"
    )


async def test_a_good_package_is_known_by_its_digest(models: MemoryModels, packages: MemoryModelPackages) -> None:
    known = await gathered(models, packages)
    assert known == RegisteredModelKnown(
        exists=True,
        location="models/1",
        digest=digest(FILES),
        requested_by="dana@example.com",
        requesters=("dana@example.com",),
    )


async def test_a_missing_file_is_named(models: MemoryModels, packages: MemoryModelPackages) -> None:
    packages.locations["models/1"] = {name: body for name, body in FILES.items() if name != "model.onnx"}
    known = await gathered(models, packages)
    assert known.digest is None
    assert known.problem == "model.onnx: is missing"


async def test_a_package_that_is_not_there_or_too_large_is_a_problem_not_an_error(models: MemoryModels) -> None:
    assert (await gathered(models, MemoryModelPackages())).problem.startswith("the package is not there")
    small = MemoryModelPackages(limit_bytes=1)
    small.locations["models/1"] = FILES
    assert "larger than 1 bytes" in (await gathered(models, small)).problem


async def test_a_model_that_was_never_registered_does_not_exist_whatever_the_event_says() -> None:
    known = await gathered(MemoryModels(list(POLICY.workspace_ids)), MemoryModelPackages())
    assert known == RegisteredModelKnown()


async def test_a_foreign_workspace_is_not_asked_about() -> None:
    assert await gathered(MemoryModels([]), MemoryModelPackages()) == RegisteredModelKnown()


async def test_nothing_is_looked_up_for_a_model_that_serves_no_endpoint(packages: MemoryModelPackages) -> None:
    event = ModelRegistered(model=model_ref(name="other"))
    known = await gather_model(
        event, Registration(), MemoryModels([]), MemoryJobs([]), packages, MemoryLedger(), POLICY
    )
    assert known == RegisteredModelKnown()


async def test_adopting_keeps_the_files_and_doing_it_again_changes_nothing(packages: MemoryModelPackages) -> None:
    effect = AdoptPackage(location="models/1", digest=digest(FILES))
    await effect.perform(packages)
    await effect.perform(packages)
    assert packages.adopted == {digest(FILES): FILES}


async def test_files_that_were_exchanged_meanwhile_are_not_adopted(packages: MemoryModelPackages) -> None:
    effect = AdoptPackage(location="models/1", digest=digest(FILES))
    packages.locations["models/1"] = {**FILES, "environment.yml": b"name: other\n"}
    with pytest.raises(Refused):
        await effect.perform(packages)
    assert not packages.adopted


def test_failures_of_other_services_do_not_concern_it() -> None:
    concern = service.reactions[ActionFailed].entity
    fields = {"about": str(model_ref().entity), "decision": "d", "effect": "publish", "reason": "no"}
    assert concern(ActionFailed(service="staging", **fields)) is None
    assert concern(ActionFailed(service="registration", **fields)) == model_ref().entity
