"""From an approval to the first step, to a refusal, and how a promotion ends (F11, R041; design section 5)."""

from datetime import timedelta

import pytest

from services.promotion.policy import LOOK, Promotion, Serving, decide_granted, decide_not_performed
from services.promotion.policy.state import Ending
from shared.events import (
    ActionFailed,
    ActionSuperseded,
    PromotionAborted,
    PromotionCompleted,
    PromotionRefused,
    PromotionStarted,
    RollbackRequested,
)
from shared.ports import Manifest, Route
from shared.reactor import Decision, Publish, RemindAt
from shared.serving import SwapManifest
from tests.support.builders import CAUSE, NOW, facts
from tests.unit.services.promotion.material import (
    ASKING,
    BAKING,
    CANARY,
    ENDPOINT,
    FOLLOWING,
    GRANTED,
    IDLE,
    LAST,
    NEW,
    NOTHING,
    OLD,
    OTHER,
    POLICY,
    QUESTION,
    SERVING,
    STEPS,
    WHOLE,
    approved,
    not_performed,
    published,
)

SOON = RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))
ANOTHER = GRANTED.model_copy(
    update={"approval_id": "ap2", "candidate": OTHER, "requested_at": NOW + timedelta(seconds=5)}
)


def test_an_approval_gives_the_candidate_the_first_share_and_keeps_the_rest_with_the_champion() -> None:
    decision = decide_granted(IDLE, facts(approved()), GRANTED, POLICY)
    started = PromotionStarted(
        endpoint=ENDPOINT, package=NEW.package, previous=OLD.package, generation=5, approval_id="ap1", share=10
    )
    assert decision == Decision(FOLLOWING, [SwapManifest(manifest=CANARY), Publish(event=started), SOON])


def test_a_first_version_has_no_canary_and_nothing_to_go_back_to() -> None:
    decision = decide_granted(IDLE, facts(approved(NOTHING, rehearsed=None)), GRANTED, POLICY)
    swap = decision.effects[0]
    assert isinstance(swap, SwapManifest)
    assert swap.manifest == Manifest(endpoint=ENDPOINT, generation=1, routes=(NEW,))
    assert (decision.state.steps, decision.state.before) == (STEPS[1:], None)


@pytest.mark.parametrize("state", [IDLE, FOLLOWING, BAKING, ASKING])
def test_approving_what_serves_or_is_under_way_changes_nothing(state: Promotion) -> None:
    manifest = WHOLE if state is IDLE else CANARY
    assert decide_granted(state, facts(approved(manifest)), GRANTED, POLICY) == Decision(state)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (approved(rehearsed=None), "was not rehearsed, or failed, in staging"),
        (approved(rehearsed=None, problem="the approval names no staging report"), "names no staging report"),
        (approved(rehearsed=OTHER), "rehearsed to flights:3"),
        (approved(WHOLE.model_copy(update={"routes": (Route(package=OTHER),)})), "flights:3 serves now"),
    ],
)
def test_without_a_rehearsed_way_back_to_what_serves_it_is_refused(known: object, words: str) -> None:
    """Whoever was overtaken by another promotion has to be staged again, and is told so."""
    decision = decide_granted(IDLE, facts(known), GRANTED, POLICY)  # type: ignore[arg-type]
    (refused,) = published(decision)
    assert isinstance(refused, PromotionRefused)
    assert decision == Decision(IDLE, [Publish(event=refused)])
    assert words in refused.reason


@pytest.mark.parametrize("state", [IDLE, FOLLOWING, BAKING, ASKING])
def test_an_older_approval_that_arrives_late_never_wins(state: Promotion) -> None:
    known = state.model_copy(update={"newest": NOW + timedelta(seconds=1)})
    late = GRANTED.model_copy(update={"candidate": OTHER})
    decision = decide_granted(known, facts(approved(CANARY)), late, POLICY)
    (refused,) = published(decision)
    assert decision.state == known
    assert "asked for later" in str(refused)


@pytest.mark.parametrize("state", [FOLLOWING, BAKING, ASKING])
def test_a_newer_approval_takes_over_from_a_canary_and_says_so_once(state: Promotion) -> None:
    decision = decide_granted(state, facts(approved(CANARY)), ANOTHER, POLICY)
    swap = decision.effects[0]
    assert isinstance(swap, SwapManifest)
    assert [route.package for route in swap.manifest.routes] == [OLD.package, OTHER]
    assert (swap.manifest.generation, decision.state.overtaken) == (6, NEW.package)
    aborted, started = published(decision)
    assert isinstance(aborted, PromotionAborted)
    assert isinstance(started, PromotionStarted)
    assert (aborted.package, started.package) == (NEW.package, OTHER)


def test_what_already_has_all_the_traffic_cannot_be_overtaken_without_being_rehearsed() -> None:
    (refused,) = published(decide_granted(LAST, facts(approved(WHOLE)), ANOTHER, POLICY))
    assert isinstance(refused, PromotionRefused)


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
@pytest.mark.parametrize("state", [FOLLOWING, BAKING, ASKING])
def test_a_first_swap_that_was_not_performed_ends_it_and_nothing_has_to_go_back(
    state: Promotion, kind: type[ActionFailed | ActionSuperseded]
) -> None:
    decision = decide_not_performed(state, facts(Serving(manifest=SERVING)), not_performed(kind), POLICY)
    aborted = PromotionAborted(endpoint=ENDPOINT, package=NEW.package, reason="generation 7 is there")
    assert published(decision) == [aborted]
    assert decision.state.status == "idle"


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
def test_a_later_swap_that_was_not_performed_asks_for_the_way_back_of_the_step_before(
    kind: type[ActionFailed | ActionSuperseded],
) -> None:
    decision = decide_not_performed(LAST, facts(Serving(manifest=CANARY)), not_performed(kind), POLICY)
    back, aborted = published(decision)
    assert isinstance(back, RollbackRequested)
    assert (back.package, back.generation, back.requested_by) == (NEW.package, 5, "promotion")
    assert isinstance(aborted, PromotionAborted)


def test_a_newer_generation_is_left_alone() -> None:
    newer = SERVING.model_copy(update={"generation": 7})
    decision = decide_not_performed(LAST, facts(Serving(manifest=newer)), not_performed(ActionSuperseded), POLICY)
    assert [type(event) for event in published(decision)] == [PromotionAborted]


def test_a_successor_that_could_not_take_over_leaves_nothing_without_an_owner() -> None:
    state = FOLLOWING.model_copy(
        update={"route": Route(package=OTHER), "overtaken": NEW.package, "generation": 6, "approval_id": "ap2"}
    )
    decision = decide_not_performed(state, facts(Serving(manifest=CANARY)), not_performed(ActionFailed), POLICY)
    back, first, second = published(decision)
    assert isinstance(back, RollbackRequested)
    assert isinstance(first, PromotionAborted)
    assert isinstance(second, PromotionAborted)
    assert (back.package, back.generation) == (NEW.package, 5)
    assert (first.package, second.package) == (NEW.package, OTHER)


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
@pytest.mark.parametrize("state", [FOLLOWING, BAKING, ASKING])
def test_an_effect_after_a_swap_that_happened_only_makes_us_look_again(
    state: Promotion, kind: type[ActionFailed | ActionSuperseded]
) -> None:
    decision = decide_not_performed(state, facts(Serving(manifest=CANARY)), not_performed(kind), POLICY)
    assert decision == Decision(state, [SOON])


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
@pytest.mark.parametrize("state", [FOLLOWING, BAKING, ASKING])
def test_what_became_of_an_earlier_decision_ends_nothing(
    state: Promotion, kind: type[ActionFailed | ActionSuperseded]
) -> None:
    event = not_performed(kind, decision="long ago")
    assert decide_not_performed(state, facts(Serving(manifest=SERVING)), event, POLICY) == Decision(state, [SOON])


def test_a_question_that_reached_nobody_is_answered_with_no() -> None:
    event = not_performed(ActionFailed, decision=QUESTION, effect="publish")
    decision = decide_not_performed(ASKING, facts(Serving(manifest=CANARY)), event, POLICY)
    back, aborted = published(decision)
    assert isinstance(back, RollbackRequested)
    assert "nobody could be asked" in str(aborted)


@pytest.mark.parametrize("kind", [ActionFailed, ActionSuperseded])
def test_nothing_follows_when_nothing_is_under_way(kind: type[ActionFailed | ActionSuperseded]) -> None:
    assert decide_not_performed(IDLE, facts(Serving(manifest=SERVING)), not_performed(kind), POLICY) == Decision(IDLE)


def test_how_it_ended_is_said_again_until_it_is_heard() -> None:
    """The hub was away for longer than patience lasts: the way back, above all, must not be lost."""
    ended = decide_not_performed(LAST, facts(Serving(manifest=CANARY)), not_performed(ActionFailed), POLICY)
    unheard = not_performed(ActionFailed, effect="publish")
    again = decide_not_performed(ended.state, facts(Serving(manifest=CANARY), event_id="later"), unheard, POLICY)
    assert published(again) == published(ended)
    assert again.state == ended.state.model_copy(update={"decision": "later"})
    assert decide_not_performed(again.state, facts(Serving(manifest=CANARY)), unheard, POLICY) == Decision(again.state)


def test_a_completion_that_was_not_heard_is_said_again_as_well() -> None:
    done = Promotion(route=NEW, before=OLD, generation=6, decision=CAUSE, ending=Ending(how="completed", instances=3))
    unheard = not_performed(ActionFailed, effect="publish")
    (completed,) = published(decide_not_performed(done, facts(Serving(manifest=WHOLE)), unheard, POLICY))
    assert isinstance(completed, PromotionCompleted)
    assert (completed.package, completed.generation, completed.instances) == (NEW.package, 6, 3)
