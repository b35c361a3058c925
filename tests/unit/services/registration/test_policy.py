"""Every outcome of a registered model, repeated and late ones included (E1)."""

import pytest

from services.registration.effects import AdoptPackage, NoteRequesters
from services.registration.policy import (
    RegisteredModelKnown,
    Registration,
    decide_after_failure,
    decide_after_supersession,
    decide_what_follows,
)
from shared.events import ActionFailed, ActionSuperseded, ModelRegistered, ModelRejected, StagingRequested
from shared.reactor import Decision, Known, Publish, SendNotice
from tests.support.builders import (
    CAUSE,
    digest,
    endpoint_ref,
    facts,
    model_ref,
    package_ref,
    policy_document,
)

POLICY = policy_document()
NEVER = policy_document(registration={"staging": "never"}, people={"personas": ["project-lead", "model-tester"]})
EVENT = ModelRegistered(model=model_ref())
USABLE = RegisteredModelKnown(exists=True, location="models/1", digest=digest("a"), requested_by="dana@example.com")
UNUSABLE = RegisteredModelKnown(exists=True, location="models/1", problem="model.onnx: is missing")
STAGING = Registration(status="staging", model=model_ref(), digest=digest("a"), decision=CAUSE)
LATER = "later-event"
STATES = [
    Registration(),
    Registration(status="not_for_us", model=model_ref()),
    Registration(status="left_to_a_person", model=model_ref()),
    Registration(status="rejected", model=model_ref(), reason="model.onnx: is missing"),
    Registration(status="staging", model=model_ref(), digest=digest("b"), decision=CAUSE),
]


@pytest.mark.parametrize("state", STATES)
def test_a_usable_package_is_adopted_and_then_sent_to_staging(state: Registration) -> None:
    decision = decide_what_follows(state, facts(USABLE), EVENT, POLICY)
    request = StagingRequested(candidate=package_ref(), endpoint=endpoint_ref(), requested_by="dana@example.com")
    assert decision == Decision(
        STAGING, (AdoptPackage(location="models/1", digest=digest("a")), Publish(event=request))
    )


def test_who_asked_for_it_is_noted_before_anybody_is_asked() -> None:
    known = USABLE.model_copy(update={"requesters": ("dana@example.com",)})
    _, note, request = decide_what_follows(Registration(), facts(known), EVENT, POLICY).effects
    assert note == NoteRequesters(package=digest("a"), requesters=("dana@example.com",))
    assert isinstance(request, Publish)


def test_the_same_package_is_staged_once_however_often_it_is_registered() -> None:
    assert decide_what_follows(STAGING, facts(USABLE, event_id=LATER), EVENT, POLICY) == Decision(STAGING)


@pytest.mark.parametrize("state", [*STATES, STAGING])
def test_a_model_that_no_endpoint_names_is_not_for_us(state: Registration) -> None:
    event = ModelRegistered(model=model_ref(name="somebody-elses"))
    decision = decide_what_follows(state, facts(RegisteredModelKnown()), event, POLICY)
    assert not decision.effects
    assert decision.state.status == "not_for_us"


@pytest.mark.parametrize("state", [*STATES, STAGING])
def test_a_model_that_does_not_exist_changes_nothing(state: Registration) -> None:
    assert decide_what_follows(state, facts(RegisteredModelKnown()), EVENT, POLICY) == Decision(state)


@pytest.mark.parametrize("state", [*STATES[:3], STATES[4], STAGING])
def test_what_is_no_package_is_rejected_with_its_reason(state: Registration) -> None:
    decision = decide_what_follows(state, facts(UNUSABLE), EVENT, POLICY)
    rejected = ModelRejected(model=model_ref(), reason="model.onnx: is missing")
    assert decision.effects == (Publish(event=rejected),)
    assert decision.state.status == "rejected"


def test_the_same_rejection_is_said_once_and_a_new_reason_again() -> None:
    assert decide_what_follows(STATES[3], facts(UNUSABLE), EVENT, POLICY) == Decision(STATES[3])
    other = UNUSABLE.model_copy(update={"problem": "trained_until: the time zone is missing"})
    assert len(decide_what_follows(STATES[3], facts(other), EVENT, POLICY).effects) == 1


def test_where_policy_says_never_people_are_told_once_and_nothing_is_staged() -> None:
    first = decide_what_follows(Registration(), facts(USABLE), EVENT, NEVER)
    assert [type(effect) for effect in first.effects] == [SendNotice, SendNotice]
    assert {effect.severity for effect in first.effects if isinstance(effect, SendNotice)} == {"warning"}
    assert [effect.audience for effect in first.effects if isinstance(effect, SendNotice)] == [
        "project-lead",
        "model-tester",
    ]
    assert not decide_what_follows(first.state, facts(USABLE), EVENT, NEVER).effects


def failed(effect: str, decision: str = CAUSE) -> ActionFailed:
    about = str(model_ref().entity)
    return ActionFailed(service="registration", about=about, decision=decision, effect=effect, reason="no")


def test_a_package_that_could_not_be_adopted_is_rejected() -> None:
    decision = decide_after_failure(STAGING, facts(Known(), event_id=LATER), failed("adopt_package"), POLICY)
    assert decision.effects == (Publish(event=ModelRejected(model=model_ref(), reason="adopt_package: no")),)
    assert decision.state.status == "rejected"


def test_a_request_that_could_not_be_sent_is_told_to_people() -> None:
    decision = decide_after_failure(STAGING, facts(Known(), event_id=LATER), failed("publish"), POLICY)
    assert decision.effects
    assert all(isinstance(effect, SendNotice) and effect.severity == "error" for effect in decision.effects)
    assert decision.state.status == "rejected"


@pytest.mark.parametrize("state", STATES[:4])
@pytest.mark.parametrize("effect", ["adopt_package", "publish", "send_notice"])
def test_a_failure_that_nothing_waits_for_changes_nothing(state: Registration, effect: str) -> None:
    assert decide_after_failure(state, facts(Known()), failed(effect), POLICY) == Decision(state)


@pytest.mark.parametrize("state", [*STATES, STAGING])
def test_a_model_that_could_not_be_looked_at_is_told_to_people(state: Registration) -> None:
    blind = failed("gather", decision="the registration")
    decision = decide_after_failure(state, facts(Known()), blind, POLICY)
    assert decision.effects
    assert all(isinstance(effect, SendNotice) and effect.severity == "error" for effect in decision.effects)
    assert decision.state == state
    other = blind.model_copy(update={"about": str(model_ref(name="other").entity)})
    assert decide_after_failure(state, facts(Known()), other, POLICY) == Decision(state)


def test_a_failure_of_an_older_decision_changes_nothing() -> None:
    late = failed("adopt_package", decision="older")
    assert decide_after_failure(STAGING, facts(Known()), late, POLICY) == Decision(STAGING)


@pytest.mark.parametrize("state", [*STATES, STAGING])
def test_nothing_follows_from_a_supersession(state: Registration) -> None:
    fields = failed("adopt_package").model_dump()
    assert decide_after_supersession(state, facts(Known()), ActionSuperseded(**fields), POLICY) == Decision(state)
