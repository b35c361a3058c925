"""What rollback looks up: the rehearsal in the staging report, and the instances; a bad report holds nothing up."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.rollback.policy.state import Rollback
from services.rollback.reactions import gather_live, gather_order, gather_serving, service
from shared.adapters.memory import ManualClock, MemoryEvidence, MemoryServingManifests
from shared.adapters.signing.commands import Ed25519CommandSigner, Ed25519CommandVerifier
from shared.events import (
    ActionFailed,
    DeadlineReached,
    EndpointRef,
    RollbackOrdered,
    RollbackRequested,
)
from shared.events.command_statement import command_statement
from shared.packages import Rehearsal, StagingReport, SuiteLimits
from shared.ports import Instance, Manifest, Route
from tests.support.builders import NOW, digest, endpoint_ref, package_ref, policy_document, urlsafe

ENDPOINT, OLD, BAD = endpoint_ref(), package_ref("1", "a"), package_ref("2", "b")
REQUESTED = RollbackRequested(endpoint=ENDPOINT, package=BAD, reason="slow", generation=1, requested_by="promotion")
ORDERED = RollbackOrdered(endpoint=ENDPOINT, operator="petra", reason="complaints")
REHEARSAL = Rehearsal(package=OLD, rows=50, distance=0, outputs=digest("e"), restore_s=2)


@pytest.fixture
async def manifests() -> MemoryServingManifests:
    found = MemoryServingManifests()
    await found.swap(Manifest(endpoint=ENDPOINT, generation=1, routes=(Route(package=BAD),), changed_by="test"))
    return found


def report() -> bytes:
    return StagingReport(
        verdict="passed", reason="", candidate=BAD, champion=OLD, endpoint=ENDPOINT, limits=SuiteLimits(), checks=(),
        rows=0, rehearsal=REHEARSAL,
    ).model_dump_json().encode()  # fmt: skip


async def test_the_rehearsal_is_read_from_the_evidence_of_the_approval(manifests: MemoryServingManifests) -> None:
    evidence = MemoryEvidence()
    state = Rollback(approved={BAD.digest: await evidence.keep(report())})
    found = await gather_serving(REQUESTED, state, manifests, evidence)
    assert found.rehearsals == {BAD.digest: REHEARSAL}
    assert found.manifest.generation == 1


async def test_an_order_counts_in_the_words_that_operators_signed_and_under_its_own_id_alone(
    manifests: MemoryServingManifests,
) -> None:
    key = Ed25519PrivateKey.generate()
    signer = Ed25519CommandSigner(urlsafe(key.private_bytes_raw()))
    verifier = Ed25519CommandVerifier(urlsafe(key.public_key().public_bytes_raw()))
    signed = ORDERED.model_copy(update={"proof": signer.proof(command_statement(ORDERED, "event 1"))})

    async def forged(order: RollbackOrdered, event_id: str) -> str:
        return (await gather_order(order, event_id, Rollback(), verifier, manifests, MemoryEvidence())).forged

    assert await forged(signed, "event 1") == ""
    assert await forged(signed, "event 2")
    assert await forged(signed.model_copy(update={"reason": "another"}), "event 1")
    assert await forged(ORDERED, "event 1")


@pytest.mark.parametrize("body", [b"no report", b"{}"])
async def test_a_report_that_cannot_be_read_holds_up_no_rollback(
    manifests: MemoryServingManifests, body: bytes
) -> None:
    evidence = MemoryEvidence()
    kept = await evidence.keep(body)
    for approved in ({BAD.digest: kept}, {BAD.digest: digest("0")}, {BAD.digest: None}, {}):
        found = await gather_serving(REQUESTED, Rollback(approved=approved), manifests, evidence)
        assert found.rehearsals == {}


class Reporting:
    """Two instances, one of which fell silent."""

    async def of(self, endpoint: EndpointRef, since: datetime) -> Mapping[str, Instance]:
        told = {"gone": NOW, "here": NOW + timedelta(seconds=9)}
        return {name: Instance(generation=1, at=at) for name, at in told.items() if at >= since}


async def test_only_instances_that_are_not_silent_count(manifests: MemoryServingManifests) -> None:
    clock = ManualClock(NOW + timedelta(seconds=10))
    looked = DeadlineReached(service="rollback", about=str(ENDPOINT.entity), key="look", at=NOW)
    found = await gather_live(looked, manifests, Reporting(), clock, policy_document(rollback={"silent_s": 5}))
    assert list(found.instances) == ["here"]


def test_deadlines_and_failures_of_others_are_not_ours() -> None:
    about = str(ENDPOINT.entity)
    failed = ActionFailed(service="promotion", about=about, decision="d", effect="publish", reason="")
    assert service.concerned(failed) is None
    assert service.concerned(failed.model_copy(update={"service": "rollback"})) == ENDPOINT.entity


def test_what_a_person_ordered_and_what_ends_it_acts_in_every_mode_and_a_request_does_not() -> None:
    acts = {kind.type for kind, reaction in service.reactions.items() if reaction.any_mode}
    assert acts == {
        "mlops.rollback.ordered", "mlops.deadline.reached", "mlops.action.failed", "mlops.action.superseded",
    }  # fmt: skip
    assert service.may_be_held
