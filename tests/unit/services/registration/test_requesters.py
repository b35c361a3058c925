"""Who may not approve a model (N9): whoever registered it, had it registered, or had its job run."""

from datetime import timedelta
from typing import Any

import pytest

from services.registration.policy import RegisteredModelKnown, Registration, decide_what_follows
from services.registration.reactions import gather_model
from services.registration.requesters import in_words, requesters
from services.retraining.effects import RegisterOutput
from shared.adapters.memory import MemoryLedger, MemoryModelPackages, MemoryModels
from shared.adapters.memory.jobs import MemoryJobs
from shared.events import Entity, Envelope, JobRef, ModelRegistered, ModelRejected
from shared.ports import Creator, Head, Lease, RegisteredModel
from shared.reactor import Decision, Facts, Known, Publish
from shared.reactor.recording import write_entry
from shared.reactor.service import State
from tests.support.builders import NOW, digest, endpoint_ref, facts, model_ref, policy_document
from tests.support.onnx_models import package_files

DANA, DANA_ID = "dana@example.com", "0b1c2d3e-0000-4000-8000-00000000000d"
ANA = "ana@example.com"
PERSON = Creator("User", "Dana Okafor", DANA_ID)
POLICY = policy_document()


def model(by: str, type: str, tag: str = "", job: str = "", **tags: str) -> RegisteredModel:
    named = {name.replace("_", "-"): value for name, value in tags.items()}
    told = {"sluice-requester": tag} if tag else {}
    return RegisteredModel(model_ref(), "models/1", {**named, **told}, by, created_by_type=type, job=job)


@pytest.mark.parametrize(
    ("registered", "maker", "known"),
    [
        (model(DANA, "User", tag=ANA), None, (DANA,)),
        (model("Dana+models@Example.com", "User"), None, (DANA,)),
        (model("Dana Okafor", "User", tag=ANA), None, ()),
        (model("Dana Okafor", "User", tag=ANA), PERSON, (DANA_ID,)),
        (model("pipelines", "Application", tag=ANA), None, (ANA,)),
        (model("pipelines", "ManagedIdentity", tag=ANA), PERSON, (ANA, DANA_ID)),
        (model("pipelines", "Application"), PERSON, (DANA_ID,)),
        (model("pipelines", "Application"), Creator("User", DANA), (DANA,)),
        (model("pipelines", "Application"), Creator("Application", "pipelines", DANA_ID), ()),
        (model("pipelines", "Application", tag="Dana Okafor"), None, ()),
        (model("pipelines", "", tag=ANA), None, ()),
        (model("", "Key", tag=ANA), None, ()),
    ],
)
def test_a_person_cannot_hide_behind_a_tag_nor_behind_an_identity(
    registered: RegisteredModel, maker: Creator | None, known: tuple[str, ...]
) -> None:
    """A tag counts only from what registers for others; a display name is never an identity."""
    assert requesters(registered, maker) == known


@pytest.mark.parametrize(
    ("registered", "words"),
    [
        (model("Dana Okafor", "User", tag=ANA), "Dana Okafor"),
        (model("pipelines", "Application", tag=ANA), ANA),
        (model("pipelines", "Application"), "pipelines"),
        (model("", "User"), "unknown"),
    ],
)
def test_the_page_names_who_registered_it_or_for_whom(registered: RegisteredModel, words: str) -> None:
    assert in_words(registered, requesters(registered, None)) == words


class Desk:
    """What registration asks: one model in one workspace, its job, and the ledger."""

    def __init__(self, registered: RegisteredModel) -> None:
        self.models, self.jobs = MemoryModels([model_ref().workspace]), MemoryJobs([model_ref().workspace])
        self.models.register(registered)
        self.packages, self.ledger = MemoryModelPackages(), MemoryLedger()
        self.packages.locations["models/1"] = package_files()

    async def known(self) -> RegisteredModelKnown:
        event = ModelRegistered(model=model_ref())
        return await gather_model(event, Registration(), self.models, self.jobs, self.packages, self.ledger, POLICY)


async def test_the_creator_of_the_job_that_made_it_is_asked_for() -> None:
    desk = Desk(model("pipelines", "Application", job="training-1"))
    desk.jobs.creators[JobRef(workspace=model_ref().workspace, name="training-1")] = PERSON
    assert (await desk.known()).requesters == (DANA_ID,)


async def test_a_job_that_is_gone_names_nobody() -> None:
    assert (await Desk(model("pipelines", "Application", job="training-1")).known()).requesters == ()


async def recorded(desk: Desk, registered: Any) -> None:
    """Retraining's decision to register this version, as the ledger has it."""
    entity, envelope = endpoint_ref().entity, Envelope.first(registered, id="ended", source="/test", time=NOW)
    effect = RegisterOutput(job=JobRef(workspace=model_ref().workspace, name="j"), output="model", model=model_ref())
    head = Head(state=None, hash="", length=0, version=None)
    entry = write_entry(
        "retraining", entity, head, envelope, Facts(NOW, "ended", Known()), digest("9"), Decision(State(), [effect])
    )
    await desk.ledger.record(entry, head, Lease("one", timedelta(seconds=30)))


def our_own(entity: Entity) -> RegisteredModel:
    return model(
        "sluice", "ManagedIdentity", sluice_service="retraining", sluice_entity=str(entity), sluice_causationid="ended"
    )


async def test_what_the_ledger_says_that_sluice_registered_by_itself_was_asked_for_by_no_person() -> None:
    desk = Desk(our_own(endpoint_ref().entity))
    await recorded(desk, ModelRegistered(model=model_ref()))
    assert (await desk.known()).requesters == ("sluice-retraining",)


async def test_tags_that_only_say_so_are_not_believed() -> None:
    """Anybody may write them: the ledger alone knows what Sluice has registered."""
    assert (await Desk(our_own(endpoint_ref().entity)).known()).requesters == ()


@pytest.mark.parametrize("unknown", ["second_person", "refused"])
def test_policy_says_what_becomes_of_a_model_that_nobody_is_known_to_have_asked_for(unknown: str) -> None:
    limits = {"registration": {"unknown_requester": unknown}}
    policy = POLICY.model_copy(update={"defaults": limits})
    known = RegisteredModelKnown(exists=True, location="models/1", digest=digest("a"), requested_by="unknown")
    decision = decide_what_follows(Registration(), facts(known), ModelRegistered(model=model_ref()), policy)
    rejected = [e.event for e in decision.effects if isinstance(e, Publish) and isinstance(e.event, ModelRejected)]
    assert bool(rejected) == (unknown == "refused")
