"""What registration reacts to, and what it looks up first."""

from services.registration import requesters
from services.registration.policy import (
    RegisteredModelKnown,
    Registration,
    decide_after_failure,
    decide_after_supersession,
    decide_what_follows,
)
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    Entity,
    JobRef,
    ModelRegistered,
    ModelRejected,
    StagingRequested,
)
from shared.packages import NotAPackage, read_package
from shared.packages.graph import contradictions
from shared.packages.graph_file import read_graph
from shared.policies import PolicyDocument
from shared.ports import Absent, Creator, Jobs, Ledger, ModelPackages, Models, Refused, RegisteredModel
from shared.reactor import Service

service = Service(__package__, lane="lifecycle", state=Registration)


async def gather_model(
    event: ModelRegistered,
    state: Registration,
    models: Models,
    jobs: Jobs,
    packages: ModelPackages,
    ledger: Ledger,
    policy: PolicyDocument,
) -> RegisteredModelKnown:
    """Re-read the model, then fetch and check its package; nothing is asked about models that serve no endpoint."""
    if policy.endpoint_of(event.model.name) is None:
        return RegisteredModelKnown()
    try:
        model = await models.get(event.model)
    except Refused:
        return RegisteredModelKnown()
    digest, problem = await _check(packages, model.location)
    known = await _requesters(model, jobs, ledger)
    return RegisteredModelKnown(
        exists=True,
        location=model.location,
        digest=digest,
        problem=problem,
        requested_by=requesters.in_words(model, known),
        requesters=known,
    )


async def _check(packages: ModelPackages, location: str) -> tuple[str | None, str]:
    """Digest, or what is wrong in words."""
    try:
        files = await packages.fetch(location)
        package = read_package(files)
        said = contradictions(package.signature, read_graph(files["model.onnx"]))
        return (None, f"model.onnx: {'; '.join(said)}") if said else (package.digest, "")
    except Absent as error:
        return None, f"the package is not there: {error}"
    except (Refused, NotAPackage) as error:
        return None, str(error)


async def _requesters(model: RegisteredModel, jobs: Jobs, ledger: Ledger) -> tuple[str, ...]:
    service = model.tags.get("sluice-service", "")
    if await _is_our_own(service, model, ledger):
        return (f"sluice-{service}",)
    return requesters.requesters(model, await _maker(model, jobs))


async def _maker(model: RegisteredModel, jobs: Jobs) -> Creator | None:
    """Whose job made it; None where no job is named, or none of ours can be asked about."""
    if not model.job:
        return None
    try:
        return await jobs.creator(JobRef(workspace=model.ref.workspace, name=model.job))
    except (Refused, ValueError):
        return None


async def _is_our_own(service: str, model: RegisteredModel, ledger: Ledger) -> bool:
    """Whether the ledger says that this service of ours registered just this version: then no person asked for it.

    The tags, which anybody may write, only say which decision to look at.
    """
    cause = model.tags.get("sluice-causationid", "")
    try:
        entity = Entity.parse(model.tags.get("sluice-entity", ""))
    except ValueError:
        return False
    progress = await ledger.find(service, entity, cause) if service and cause else None
    registered = [effect["data"].get("model") for effect in progress.entry.effects] if progress else []
    return model.ref.model_dump(mode="json") in registered


service.reacts_to(
    ModelRegistered, gather=gather_model, decide=decide_what_follows, emits=(StagingRequested, ModelRejected)
)
service.reacts_to(ActionFailed, decide=decide_after_failure, emits=(ModelRejected,))
service.reacts_to(ActionSuperseded, decide=decide_after_supersession)
