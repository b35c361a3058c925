"""An event says what there is to hear of it and to whom; policy has the last word on who does."""

import pytest

from services.notifications import service
from services.notifications.policy import Nothing, decide_notice
from shared.events import (
    ActionFailed,
    ActionObserved,
    ActionPending,
    DriftCleared,
    Event,
    ModelRejected,
    PolicyChanged,
    PromotionAborted,
)
from shared.events.catalogue import event_types
from shared.policies import PolicyDocument
from shared.reactor import Decision, Known, SendNotice
from tests.support.builders import NOW, digest, endpoint_ref, facts, model_ref, package_ref, policy_document
from tests.unit.shared.events.examples import every_example

TOLD = sorted((each for each in event_types().values() if each.notice is not Event.notice), key=lambda each: each.type)
ABORTED = PromotionAborted(endpoint=endpoint_ref(), package=package_ref(), reason="slow")


def audiences(**named: list[str]) -> PolicyDocument:
    return policy_document(notifications={"audiences": named})


def heard(event: Event, policy: PolicyDocument | None = None) -> list[SendNotice]:
    decision = decide_notice(Nothing(), facts(Known()), event, policy or policy_document())
    return [effect for effect in decision.effects if isinstance(effect, SendNotice)]


@pytest.mark.parametrize("event_type", TOLD)
def test_what_is_told_is_one_line_and_whole_sentences(event_type: type[Event]) -> None:
    for event in every_example(event_type):
        said = event.notice()
        assert said
        assert said.title
        assert "\n" not in said.title
        assert said.text.endswith((".", "…"))
        assert said.severity in ("info", "warning", "error")


@pytest.mark.parametrize(
    "event_type",
    ["mlops.messages.buried", "mlops.action.pending", "mlops.action.stalled", "mlops.lane.stalled",
     "mlops.lane.stopped", "mlops.hub.replaced", "mlops.events.lost"],
)  # fmt: skip
def test_whatever_stands_still_or_is_lost_is_told_with_the_command_that_shows_it(event_type: str) -> None:
    """Without a line in the policy document: nobody should have to have thought of it."""
    for event in every_example(event_types()[event_type]):
        (notice,) = heard(event)
        assert notice.audience == "platform-support"
        assert notice.severity in ("warning", "error")
        assert notice.command.startswith("sluice ") or event_type == "mlops.action.stalled"


def test_without_a_word_of_policy_they_hear_it_whom_the_event_names() -> None:
    assert [notice.audience for notice in heard(ABORTED)] == ["data-scientist"]
    assert heard(ABORTED)[0].title == "flights:1 did not go live on flights"


def test_each_audience_that_policy_names_hears_it_instead() -> None:
    named = audiences(**{ABORTED.type: ["project-lead", "platform-support"]})
    assert [notice.audience for notice in heard(ABORTED, named)] == ["project-lead", "platform-support"]


def test_policy_may_say_that_nobody_hears_it() -> None:
    assert heard(ABORTED, audiences(**{ABORTED.type: []})) == []


def test_an_event_without_endpoint_is_heard_by_the_audience_of_its_models_endpoint() -> None:
    rejected = ModelRejected(model=model_ref(), reason="no signature.json")
    assert len(heard(rejected, audiences(**{rejected.type: ["project-lead", "product-owner"]}))) == 2


def test_what_says_nothing_to_people_reaches_nobody_whatever_policy_says() -> None:
    window = every_example(event_types()["mlops.window.folded"])[0]
    policy = audiences(**{window.type: ["data-scientist"]})
    assert decide_notice(Nothing(), facts(Known()), window, policy) == Decision(Nothing())


@pytest.mark.parametrize("kind", [ActionFailed, ActionPending])
def test_a_notice_that_could_not_be_sent_is_not_announced_by_a_notice(kind: type[Event]) -> None:
    entity = str(endpoint_ref().entity)
    fields = {"service": "notifications", "about": entity, "decision": "d", "reason": "404"}
    assert heard(kind.model_validate({**fields, "effect": "send_notice", "since": NOW})) == []


def test_the_service_reacts_to_whatever_has_something_to_say_also_where_it_is_meant_for_another() -> None:
    assert set(service.reactions) == set(TOLD)
    for event_type in TOLD:
        for event in every_example(event_type):
            assert service.concerned(event) == event.entity


def observed(service: str) -> ActionObserved:
    about = str(endpoint_ref().entity)
    return ActionObserved(service=service, about=about, decision="d", why="paused by petra", would=("swap_manifest",))


def test_a_rollback_that_is_held_is_told_without_a_word_on_everything_else_that_is() -> None:
    assert [notice.audience for notice in heard(observed("rollback"))] == ["data-scientist", "platform-support"]
    assert heard(observed("drift")) == []


def test_an_audience_may_be_named_for_the_events_of_one_service() -> None:
    policy = audiences(**{"mlops.action.observed:drift": ["platform-support"]})
    assert [notice.audience for notice in heard(observed("drift"), policy)] == ["platform-support"]


def test_nobody_hears_one_thing_twice() -> None:
    names = ("mlops.action.observed", "mlops.action.observed:rollback")
    policy = audiences(**{name: ["platform-support"] for name in names})
    assert len(heard(observed("rollback"), policy)) == 1


def test_digests_are_shortened_in_words() -> None:
    (notice,) = heard(PolicyChanged(before=digest("a"), after=digest("b"), by="petra@example.com"))
    assert notice.text == "aaaaaaaaaaaa → bbbbbbbbbbbb, by petra@example.com."


def test_nothing_is_told_of_what_is_over_but_that_it_is() -> None:
    cleared = every_example(DriftCleared)[0]
    assert [notice.severity for notice in heard(cleared)] == ["info"]
