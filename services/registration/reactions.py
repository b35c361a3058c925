"""What registration reacts to, and what it looks up first."""

from services.registration.policy import (
    RegisteredModelKnown,
    Registration,
    decide_after_failure,
    decide_after_supersession,
    decide_what_follows,
)
from shared.events import ActionFailed, ActionSuperseded, ModelRegistered, ModelRejected, StagingRequested
from shared.packages import NotAPackage, read_package
from shared.policies import PolicyDocument
from shared.ports import Absent, ModelPackages, Models, Refused, RegisteredModel
from shared.reactor import Service

NAME = "registration"
REQUESTER_TAG = "sluice-requester"

service = Service(__package__, lane="lifecycle", state=Registration)


async def gather_model(
    event: ModelRegistered, state: Registration, models: Models, packages: ModelPackages, policy: PolicyDocument
) -> RegisteredModelKnown:
    """Re-read the model, then fetch and check its package; nothing is asked about models that serve no endpoint."""
    if policy.endpoint_of(event.model.name) is None:
        return RegisteredModelKnown()
    try:
        model = await models.get(event.model)
    except Refused:
        return RegisteredModelKnown()
    digest, problem = await _check(packages, model.location)
    return RegisteredModelKnown(
        exists=True, location=model.location, digest=digest, problem=problem, requested_by=requester(model)
    )


async def _check(packages: ModelPackages, location: str) -> tuple[str | None, str]:
    """Digest, or what is wrong in words."""
    try:
        return read_package(await packages.fetch(location)).digest, ""
    except Absent as error:
        return None, f"the package is not there: {error}"
    except (Refused, NotAPackage) as error:
        return None, str(error)


def requester(model: RegisteredModel) -> str:
    """Who asks for this model to serve, for the four eyes (N9).

    A person who registered it is known by address and cannot be overruled by a tag; an identity that registers for
    others (a pipeline) may say in a tag for whom.
    """
    if "@" in model.created_by:
        return model.created_by
    return model.tags.get(REQUESTER_TAG) or model.created_by or "unknown"


service.reacts_to(
    ModelRegistered, gather=gather_model, decide=decide_what_follows, emits=(StagingRequested, ModelRejected)
)
service.reacts_to(ActionFailed, decide=decide_after_failure, emits=(ModelRejected,))
service.reacts_to(ActionSuperseded, decide=decide_after_supersession)
