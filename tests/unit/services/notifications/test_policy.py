"""Who hears what is policy's word; what there is to say exists for every event that may be told."""

import pytest

from services.notifications import service
from services.notifications.policy import Nothing, decide_notice
from services.notifications.words import WORDS
from shared.events import ActionFailed, ActionObserved, Event, ModelRejected, PromotionAborted
from shared.policies import PolicyDocument
from shared.reactor import Decision, Known, SendNotice
from tests.support.builders import endpoint_ref, facts, model_ref, package_ref, policy_document
from tests.unit.shared.events.examples import every_example

POLICY = policy_document(
    notifications={"audiences": {event_type.type: ["data-scientist", "platform-support"] for event_type in WORDS}}
)


def heard(event: Event, policy: PolicyDocument = POLICY) -> list[SendNotice]:
    decision = decide_notice(Nothing(), facts(Known()), event, policy)
    return [effect for effect in decision.effects if isinstance(effect, SendNotice)]


@pytest.mark.parametrize("event_type", WORDS)
def test_there_are_words_for_every_event_that_may_be_told(event_type: type[Event]) -> None:
    for event in every_example(event_type):
        for notice in heard(event) if not isinstance(event, ActionFailed) else ():
            assert notice.title
            assert notice.text


def test_each_audience_that_policy_names_hears_it() -> None:
    aborted = PromotionAborted(endpoint=endpoint_ref(), package=package_ref(), reason="slow")
    assert [notice.audience for notice in heard(aborted)] == ["data-scientist", "platform-support"]
    assert heard(aborted)[0].title == "flights:1 did not go live on flights"


def test_an_event_without_endpoint_is_heard_by_the_audience_of_its_models_endpoint() -> None:
    assert len(heard(ModelRejected(model=model_ref(), reason="no signature.json"))) == 2


def test_what_policy_does_not_list_reaches_nobody() -> None:
    event = PromotionAborted(endpoint=endpoint_ref(), package=package_ref(), reason="slow")
    assert decide_notice(Nothing(), facts(Known()), event, policy_document()) == Decision(Nothing())


def test_a_notice_that_could_not_be_sent_is_not_announced_by_a_notice() -> None:
    entity = str(endpoint_ref().entity)
    event = ActionFailed(service="notifications", about=entity, decision="d", effect="send_notice", reason="404")
    assert heard(event) == []


def test_the_service_reacts_to_whatever_there_are_words_for() -> None:
    assert set(service.reactions) == set(WORDS)


def observed(service: str) -> ActionObserved:
    about = str(endpoint_ref().entity)
    return ActionObserved(service=service, about=about, decision="d", why="paused by petra", would=("swap_manifest",))


def test_an_audience_may_be_named_for_the_events_of_one_service() -> None:
    """A brake that holds a rollback is told, without a word on everything else that it holds."""
    policy = policy_document(notifications={"audiences": {"mlops.action.observed:rollback": ["platform-support"]}})
    assert [notice.audience for notice in heard(observed("rollback"), policy)] == ["platform-support"]
    assert heard(observed("drift"), policy) == []


def test_nobody_hears_one_thing_twice() -> None:
    names = ("mlops.action.observed", "mlops.action.observed:rollback")
    policy = policy_document(notifications={"audiences": {name: ["platform-support"] for name in names}})
    assert len(heard(observed("rollback"), policy)) == 1


@pytest.mark.parametrize("event_type", WORDS)
def test_what_is_addressed_to_another_service_is_heard_as_well(event_type: type[Event]) -> None:
    """That an action of staging failed, or stalls, is said to people, whomever the event is for."""
    for event in every_example(event_type):
        assert service.concerned(event) == event.entity
