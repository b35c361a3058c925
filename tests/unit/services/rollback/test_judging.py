"""When a rollback is done: every live instance has proved what it serves, or people are called (F13, N4)."""

from datetime import timedelta

import pytest

from shared.events import (
    InstanceProof,
    RehearsedProof,
    RollbackCompleted,
    RollbackFailed,
    RollbackSuperseded,
)
from shared.ports import Instance, Manifest
from shared.reactor import Decision, Publish
from tests.support.builders import NOW, digest
from tests.unit.services.rollback.cases import (
    AGAIN,
    BACK,
    BAD,
    DONE,
    ENDPOINT,
    OLD,
    WAITING,
    look,
    proved,
    said,
)


def test_it_is_complete_when_every_live_instance_has_proved_it() -> None:
    decision = look({"a": proved(), "b": proved(distance=2e-7)}, after=timedelta(seconds=3))
    completed = RollbackCompleted(
        endpoint=ENDPOINT, package=BAD.package, restored=OLD.package, generation=6, reason="too slow",
        requested_by="promotion", instances=2, seconds=3,
        proofs=(
            InstanceProof(instance="a", rows=50, distance=1e-7, outputs=digest("e")),
            InstanceProof(instance="b", rows=50, distance=2e-7, outputs=digest("e")),
        ),
        rehearsal=RehearsedProof(rows=50, distance=1e-7, outputs=digest("e"), restore_s=1.5),
    )  # fmt: skip
    assert decision == Decision(DONE, [Publish(event=completed)])


@pytest.mark.parametrize(
    "instances",
    [
        {},
        {"a": proved(), "b": proved(5, at=5)},
        {"a": proved(), "b": Instance(generation=6, at=NOW)},
        {"a": proved(), "b": proved(at=5)},
        {"a": proved(), "b": proved(package=BAD.package)},
    ],
    ids=["nobody", "one behind", "one unproven", "an old proof", "a proof of another package"],
)
def test_who_has_not_proved_it_is_waited_for_and_named_in_the_end(instances: dict[str, Instance]) -> None:
    assert look(instances) == Decision(WAITING, [AGAIN])
    late = look(instances, after=timedelta(seconds=61))
    (failed,) = said(late)
    assert isinstance(failed, RollbackFailed)
    assert failed.behind == (("b",) if instances else ())
    assert ("b did not" in failed.reason) if instances else ("no scoring instance reported" in failed.reason)
    assert failed.reason.endswith("within 60 s")
    assert late.state == DONE


def test_an_instance_that_cannot_serve_it_is_said_at_once() -> None:
    (failed,) = said(look({"a": proved(), "b": proved(5, at=5, failed=6)}))
    assert isinstance(failed, RollbackFailed)
    assert (failed.behind, failed.reason) == (("b",), "b cannot serve it: digest differs")


def test_a_failure_to_load_an_earlier_generation_does_not_count() -> None:
    assert isinstance(said(look({"a": proved(failed=5)}))[0], RollbackCompleted)


def test_a_proof_that_differs_is_no_proof() -> None:
    (failed,) = said(look({"a": proved(), "b": proved(distance=0.01)}))
    assert isinstance(failed, RollbackFailed)
    assert failed.behind == ("b",)
    assert "the golden rows on b are 0.01 from what the package records" in failed.reason


@pytest.mark.parametrize(
    "manifest",
    [BACK.model_copy(update={"generation": 7}), BACK.model_copy(update={"routes": (BAD,)})],
    ids=["a newer generation", "another package at ours"],
)
def test_what_overtook_it_ends_the_wait_and_is_left_alone(manifest: Manifest) -> None:
    decision = look({"a": proved()}, manifest=manifest)
    assert isinstance(said(decision)[0], RollbackSuperseded)
    assert (decision.state, len(decision.effects)) == (DONE, 1)


def test_a_late_look_changes_nothing() -> None:
    assert look({"a": proved()}, state=DONE) == Decision(DONE)
