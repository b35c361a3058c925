"""Every look at a promotion: who follows, what the step says, who is asked, and when it is live (F11)."""

from datetime import timedelta
from typing import Any

import pytest

from services.promotion.policy import LOOK, Live, Promotion, decide_answer, decide_look
from services.promotion.policy.tally import Measured
from shared.approvals import Exhibits
from shared.events import (
    ActionApproved,
    ActionDeclined,
    ActionProposed,
    CanaryStep,
    PromotionAborted,
    PromotionCompleted,
    PromotionStepped,
    RollbackRequested,
)
from shared.ports import Instance, Manifest, Route
from shared.reactor import Decision, KeepEvidence, RemindAt
from shared.serving import SwapManifest
from tests.support.builders import CAUSE, NOW, facts
from tests.unit.services.promotion.material import (
    ASKING,
    BAKING,
    CANARY,
    ENDPOINT,
    FOLLOWING,
    IDLE,
    LAST,
    LOOKED,
    NEW,
    NO,
    OLD,
    OTHER,
    POLICY,
    QUESTION,
    SERVING,
    STEPS,
    UNANSWERED,
    WHOLE,
    YES,
    broken,
    healthy,
    instance,
    live,
    published,
    report,
)

UNDER_WAY = [FOLLOWING, BAKING, ASKING]


def look(state: Promotion, known: Live, after_s: float = 0) -> Decision[Promotion]:
    return decide_look(state, facts(known, after=timedelta(seconds=after_s)), LOOKED, POLICY)


def answer(
    event: ActionApproved | ActionDeclined, known: Live, state: Promotion = ASKING, after_s: float = 100
) -> Decision[Promotion]:
    return decide_answer(state, facts(known, after=timedelta(seconds=after_s)), event, POLICY)


def is_taken_back(decision: Decision[Promotion], words: str, generation: int = 5) -> None:
    back, aborted = published(decision)
    assert isinstance(back, RollbackRequested)
    assert (back.endpoint, back.package) == (ENDPOINT, NEW.package)
    assert (back.generation, back.requested_by) == (generation, "promotion")
    assert isinstance(aborted, PromotionAborted)
    assert words in aborted.reason == back.reason
    assert decision.state.status == "idle"
    assert not any(isinstance(effect, SwapManifest) for effect in decision.effects), "the way back is rollback's"


def test_one_instance_behind_is_waited_for() -> None:
    decision = look(FOLLOWING, live(healthy(5), healthy(4)))
    assert decision == Decision(FOLLOWING, [RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))])


def test_no_live_instance_follows_nothing() -> None:
    assert look(FOLLOWING, live()).state == FOLLOWING


def test_the_clock_of_a_step_starts_when_all_instances_report_its_generation() -> None:
    decision = look(FOLLOWING, live(healthy(), healthy()), after_s=30)
    assert (decision.state.status, decision.state.since) == ("baking", NOW + timedelta(seconds=30))
    assert decision.state.measured.of(NEW.package.digest).requests == 0
    assert set(decision.state.measured.last) == {"a", "b"}


def test_what_was_counted_before_the_step_does_not_count() -> None:
    """The candidate failed a thousand times when it was tried a week ago; in the step it is fine."""
    before = instance(5, report(OLD.package, 9000), report(NEW.package, 0, failed=1000))
    baking = look(FOLLOWING, live(before)).state
    after = instance(5, report(OLD.package, 18_000), report(NEW.package, 1000, failed=1000))
    decision = look(baking, live(after), after_s=11)
    assert [type(event) for event in published(decision)] == [PromotionStepped]


@pytest.mark.parametrize(
    ("instances", "words"), [((healthy(5), healthy(4)), "b did not follow within 60 s"), ((), "no scoring instance")]
)
def test_instances_that_do_not_follow_in_time_have_it_taken_back(instances: tuple[Instance, ...], words: str) -> None:
    is_taken_back(look(FOLLOWING, live(*instances), after_s=61), words)


@pytest.mark.parametrize("state", UNDER_WAY)
def test_an_instance_that_cannot_load_it_has_it_taken_back_at_once(state: Promotion) -> None:
    failing = instance(4, failed=5, why="golden rows differ")
    is_taken_back(look(state, live(healthy(), failing)), "instance b could not load it: golden rows differ")


def test_a_failure_to_load_another_generation_or_one_made_good_does_not_count() -> None:
    known = live(instance(5, failed=3, why="long ago"), instance(5, failed=5, why="storage was away"))
    assert look(FOLLOWING, known).state.status == "baking"


@pytest.mark.parametrize("state", UNDER_WAY)
@pytest.mark.parametrize(
    "manifest",
    [
        SERVING.model_copy(update={"generation": 6}),
        CANARY.model_copy(update={"routes": (Route(package=OTHER),)}),
    ],
    ids=["newer", "of somebody else"],
)
def test_a_newer_generation_ends_it_once_and_is_left_alone(state: Promotion, manifest: Manifest) -> None:
    decision = look(state, live(healthy(), manifest=manifest))
    (aborted,) = published(decision)
    assert isinstance(aborted, PromotionAborted)
    assert "superseded" in aborted.reason
    assert look(decision.state, live(healthy(), manifest=manifest)) == Decision(decision.state)


def test_a_healthy_step_leads_to_the_next_generation_and_says_why() -> None:
    decision = look(BAKING, live(healthy()), after_s=11)
    assert decision.effects[0] == SwapManifest(manifest=WHOLE)
    (stepped,) = published(decision)
    assert isinstance(stepped, PromotionStepped)
    assert (stepped.share, stepped.generation) == (100, 6)
    assert [finding.verdict for finding in stepped.findings] == ["go on"] * 3
    assert (decision.state.status, decision.state.generation, decision.state.decision) == ("following", 6, CAUSE)
    assert decision.state.measured == Measured()


@pytest.mark.parametrize(("after_s", "candidate"), [(9, 1000), (11, 90)], ids=["too early", "too few requests"])
def test_a_step_is_not_passed_before_its_time_or_its_requests(after_s: float, candidate: int) -> None:
    decision = look(BAKING, live(healthy(candidate=candidate)), after_s=after_s)
    assert (decision.state.status, published(decision)) == ("baking", [])


@pytest.mark.parametrize("state", [BAKING, ASKING])
def test_harm_that_is_certain_aborts_at_any_time_also_while_a_person_is_asked(state: Promotion) -> None:
    decision = look(state, live(broken()), after_s=1)
    is_taken_back(decision, "error rate")
    (finding,) = [each for each in published(decision)[1].findings if each.verdict == "abort"]  # type: ignore[attr-defined]
    assert (finding.test, finding.of, finding.limit) == ("errors", 1000, 0.1)


def test_a_candidate_that_is_too_slow_is_taken_back() -> None:
    slow = instance(5, report(OLD.package, 9000), report(NEW.package, 0, slow=200))
    is_taken_back(look(BAKING, live(slow), after_s=1), "share of slow answers")


@pytest.mark.parametrize("candidate", [0, 60])
def test_a_step_without_enough_requests_goes_to_a_person_and_is_never_started_again(candidate: int) -> None:
    decision = look(BAKING, live(healthy(candidate=candidate)), after_s=40)
    (question,) = published(decision)
    assert isinstance(question, ActionProposed)
    assert (question.answer, question.decision, question.service) == ("tell", CAUSE, "promotion")
    assert "100 % of the requests" in question.would[0]
    (shown,) = [effect for effect in decision.effects if isinstance(effect, KeepEvidence)]
    (exhibit,) = Exhibits.model_validate_json(shown.body).because
    step = CanaryStep.model_validate(exhibit.data)
    assert (question.evidence, exhibit.kind) == (shown.digest, "canary_step")
    assert (step.package, step.champion, step.following) == (NEW.package, OLD.package, 100)
    assert {finding.test for finding in step.findings} >= {"errors", "latency"}
    assert (decision.state.status, decision.state.question) == ("asking", CAUSE)
    later = look(decision.state, live(healthy()), after_s=100)
    assert (later.state.status, published(later)) == ("asking", []), "good figures afterwards do not answer a question"


def seen(generation: int, requests: int, *, slow: int = 0, failed: int = 0) -> Live:
    manifest = CANARY.model_copy(update={"generation": generation})
    counted = instance(generation, report(OLD.package, 9000), report(NEW.package, requests, slow=slow, failed=failed))
    return live(counted, manifest=manifest)


def test_a_question_names_every_step_with_what_was_counted_in_it_and_the_next() -> None:
    """Two steps are behind it, the second let pass by a person: each with its own counts, not with all that came."""
    first, last = STEPS
    steps = (first, first.model_copy(update={"share": 30.0}), first.model_copy(update={"share": 50.0}), last)
    second = look(BAKING.model_copy(update={"steps": steps}), seen(5, 1000, slow=3, failed=1), after_s=11).state
    baking = look(second, seen(6, 1000, slow=3, failed=1), after_s=12).state
    cleared = baking.model_copy(update={"cleared_by": "lea@example.com"})
    third = look(cleared, seen(6, 1050, slow=3, failed=1), after_s=20).state
    present = look(third, seen(7, 1050, slow=3, failed=1), after_s=21).state
    decision = look(present, seen(7, 1050, slow=3, failed=1), after_s=62)
    (shown,) = [effect for effect in decision.effects if isinstance(effect, KeepEvidence)]
    found = CanaryStep.model_validate(Exhibits.model_validate_json(shown.body).because[0].data).steps
    assert [(each.share, each.came, each.seconds, each.requests, each.failed, each.slow) for each in found] == [
        (10, "passed", 11, 1004, 1, 3), (30, "passed", 8, 50, 0, 0), (50, "present", 41, 0, 0, 0),
        (100, "to come", 5, 0, 0, 0),
    ]  # fmt: skip
    assert [each.by_a_person for each in found] == [False, True, False, False]
    assert (found[0].slow_ms, found[0].least_requests) == (10, 100)


def test_predictions_unlike_those_of_staging_go_to_a_person_when_the_step_is_over() -> None:
    counts = report(NEW.package, 1000).model_copy(update={"predictions": (1000,) + (0,) * 11})
    known = live(instance(5, report(OLD.package, 9000), counts))
    assert look(BAKING, known, after_s=5).state.status == "baking"
    decision = look(BAKING, known, after_s=11)
    assert decision.state.status == "asking"
    assert "PSI" in str(published(decision))


def test_a_yes_lets_the_step_pass_and_the_event_names_the_person() -> None:
    decision = answer(YES, live(healthy(candidate=10)))
    (stepped,) = published(decision)
    assert isinstance(stepped, PromotionStepped)
    assert (stepped.cleared_by, stepped.generation) == ("lea@example.com", 6)
    assert decision.state.cleared_by == ""


def test_a_yes_does_not_outweigh_harm_that_is_certain() -> None:
    is_taken_back(answer(YES, live(broken())), "error rate")


def test_after_a_yes_instances_that_are_behind_are_waited_for() -> None:
    decision = answer(YES, live(healthy(), healthy(4)))
    assert (decision.state.status, decision.state.cleared_by) == ("baking", "lea@example.com")
    later = look(decision.state, live(healthy(), healthy()), after_s=110)
    assert [type(event) for event in published(later)] == [PromotionStepped]
    is_taken_back(look(decision.state, live(healthy(), healthy(4)), after_s=161), "b did not follow")


@pytest.mark.parametrize(("event", "words"), [(NO, "lea@example.com said no: too few rows"), (UNANSWERED, "in time")])
def test_a_no_and_silence_have_it_taken_back(event: ActionDeclined, words: str) -> None:
    is_taken_back(answer(event, live(healthy())), words)


@pytest.mark.parametrize("event", [YES, NO, UNANSWERED])
@pytest.mark.parametrize("state", [IDLE, FOLLOWING, BAKING, ASKING.model_copy(update={"question": "another"})])
def test_an_answer_to_a_question_that_is_not_open_changes_nothing(state: Promotion, event: Any) -> None:
    assert event.decision == QUESTION
    assert answer(event, live(healthy()), state) == Decision(state)


@pytest.mark.parametrize("event", [YES, NO])
def test_an_answer_after_something_newer_overwrites_nothing(event: Any) -> None:
    newer = SERVING.model_copy(update={"generation": 6})
    assert [type(each) for each in published(answer(event, live(healthy(), manifest=newer)))] == [PromotionAborted]


def test_a_question_whose_end_nobody_tells_ends_by_itself() -> None:
    still = look(ASKING, live(healthy()), after_s=1259)
    assert (still.state.status, published(still)) == ("asking", [])
    is_taken_back(look(ASKING, live(healthy()), after_s=1260), "nobody answered in time")


def test_it_is_live_when_every_live_instance_reports_the_last_generation() -> None:
    known = live(healthy(6), healthy(6), healthy(6), manifest=WHOLE)
    decision = look(LAST, known, after_s=6)
    (completed,) = published(decision)
    assert isinstance(completed, PromotionCompleted)
    assert (completed.package, completed.previous) == (NEW.package, OLD.package)
    assert (completed.generation, completed.instances, completed.profile) == (6, 3, NEW.profile)
    assert decision.state.status == "idle"


def test_an_instance_that_started_in_the_last_step_has_to_follow_before_anything_is_live() -> None:
    known = live(healthy(6), instance(0), manifest=WHOLE)
    waiting = look(LAST, known, after_s=6)
    assert (waiting.state.status, published(waiting)) == ("baking", [])
    is_taken_back(look(waiting.state, known, after_s=67), "b did not follow within 60 s", generation=6)


def test_at_full_share_errors_alone_are_judged_against_the_limit_for_all() -> None:
    """Nobody is beside it to compare with; slow answers and other predictions are for rollback and drift to see."""
    slow = live(instance(6, report(NEW.package, 0, slow=500)), manifest=WHOLE)
    assert [type(event) for event in published(look(LAST, slow, after_s=6))] == [PromotionCompleted]
    failing = live(instance(6, report(NEW.package, 100, failed=100)), manifest=WHOLE)
    is_taken_back(look(LAST, failing, after_s=1), "error rate 50.00%", generation=6)


def test_a_first_version_without_traffic_goes_live() -> None:
    state = LAST.model_copy(update={"before": None, "generation": 1})
    manifest = Manifest(endpoint=ENDPOINT, generation=1, routes=(NEW,))
    decision = look(state, live(instance(1), manifest=manifest), after_s=6)
    (completed,) = published(decision)
    assert isinstance(completed, PromotionCompleted)
    assert completed.previous is None


def test_a_late_look_changes_nothing() -> None:
    assert look(IDLE, live(healthy())) == Decision(IDLE)
