"""Operators' commands: who and why, once, and nothing that was never there (F25)."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.brakes.effects import SendAgain, SetBrake
from services.brakes.policy import (
    Commanded,
    CommandKnown,
    RedriveKnown,
    decide_after_failure,
    decide_pause,
    decide_redrive,
)
from services.brakes.reactions import gather_redrive, service
from shared.adapters.memory import (
    MemoryBrakes,
    MemoryEventPublisher,
    MemoryLedger,
    MemoryLetterBodies,
    MemoryLetterBook,
)
from shared.adapters.signing.commands import Ed25519CommandVerifier
from shared.events import (
    ActionFailed,
    BrakeEngaged,
    BrakeReleased,
    DeadLettered,
    ReactionsPaused,
    ReactionsResumed,
    RedriveRefused,
    RedriveRequested,
    RedriveStarted,
    encode,
)
from shared.ports import Brake, Refused
from shared.reactor import Decision, Known, Publish, ReleaseAction
from tests.contract.examples import ENTITY, LEASE, entry
from tests.support.builders import NOW, digest, endpoint_ref, envelope, facts, policy_document
from tests.support.sample_service import registered

POLICY = policy_document()
WHO: dict[str, Any] = {"operator": "petra@example.com", "reason": "looking into it"}
SCOPES = ["all", str(endpoint_ref().entity)]


async def known(event: RedriveRequested, ledger: MemoryLedger, letters: MemoryLetterBook) -> RedriveKnown:
    """As gathered where operators sign nothing."""
    return await gather_redrive(event, "command", Ed25519CommandVerifier(""), ledger, letters)


def redrive(**changes: str) -> RedriveRequested:
    named = {"service": "staging", "about": str(ENTITY), "decision": "event-1"}
    return RedriveRequested.model_validate({**named, **WHO, **changes})


def letter_of(hub: str = "events") -> DeadLettered:
    return DeadLettered(service="staging", hub=hub, partition=0, sequence=7, body=digest("d"), reason="bug")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("state", [Commanded(), Commanded(engaged=True)])
def test_a_pause_and_its_end_set_the_brake_and_are_told(scope: str, state: Commanded) -> None:
    paused = decide_pause(state, facts(CommandKnown()), ReactionsPaused(scope=scope, **WHO), POLICY)
    said: dict[str, Any] = {"scope": scope, **WHO}
    assert paused.effects == (SetBrake(**said, engaged=True, since=NOW), Publish(event=BrakeEngaged(**said)))
    resumed = decide_pause(paused.state, facts(CommandKnown()), ReactionsResumed(scope=scope, **WHO), POLICY)
    assert resumed.effects == (SetBrake(**said, engaged=False, since=NOW), Publish(event=BrakeReleased(**said)))
    assert (paused.state.engaged, resumed.state.engaged) == (True, False)


@pytest.mark.parametrize("wrong", [{"operator": " "}, {"reason": ""}, {"scope": "flights"}, {"scope": "a|b"}])
def test_a_command_without_who_why_or_what_is_unreadable(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ReactionsPaused.model_validate({"scope": "all", **WHO, **wrong})


async def test_a_late_repeat_of_a_pause_does_not_undo_the_end_of_it() -> None:
    brakes = MemoryBrakes()
    await brakes.set(Brake("all", False, "petra", "over", NOW + timedelta(seconds=5)))
    await SetBrake(scope="all", engaged=True, operator="petra", reason="why", since=NOW).perform(brakes)
    assert await brakes.engaged() == []


def test_a_redrive_releases_the_decision_once() -> None:
    first = decide_redrive(Commanded(), facts(RedriveKnown()), redrive(), POLICY)
    started, release = first.effects
    assert isinstance(started, Publish)
    assert isinstance(started.event, RedriveStarted)
    assert isinstance(release, ReleaseAction)
    assert (release.released.decision, release.released.through) == ("event-1", "redrive")
    second = decide_redrive(first.state, facts(RedriveKnown()), redrive(operator="omar"), POLICY)
    assert second.state == first.state
    assert second.effects == (
        Publish(
            event=RedriveRefused(
                **redrive(operator="omar").model_dump(), refusal="petra@example.com had it redriven before"
            )
        ),
    )


def test_what_cannot_be_redriven_is_refused_in_words() -> None:
    decision = decide_redrive(Commanded(), facts(RedriveKnown(problem="it is still under way")), redrive(), POLICY)
    (refused,) = decision.effects
    assert isinstance(refused, Publish)
    assert isinstance(refused.event, RedriveRefused)
    assert decision.state == Commanded()


def test_a_redrive_that_could_not_begin_may_be_asked_for_again() -> None:
    about = str(redrive().entity)
    failed = ActionFailed(service="brakes", about=about, decision="d", effect="release_action", reason="no")
    after = decide_after_failure(Commanded(redriven_by="petra"), facts(Known()), failed, POLICY)
    assert after == Decision(Commanded())
    theirs = failed.model_copy(update={"service": "staging"})
    assert service.reactions[ActionFailed].entity(theirs) is None


@pytest.mark.parametrize("wrong", [{"decision": ""}, {"letter": "also"}, {"about": "no entity"}])
def test_a_redrive_names_one_thing(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        redrive(**wrong)


async def test_a_decision_is_looked_up_and_must_have_something_left_to_do() -> None:
    ledger, letters = MemoryLedger(), MemoryLetterBook()
    assert "has decided nothing" in (await known(redrive(), ledger, letters)).problem
    recorded = entry()
    progress = await ledger.record(recorded, await ledger.head("staging", ENTITY), LEASE)
    assert "under way" in (await known(redrive(), ledger, letters)).problem
    await ledger.settle(progress, {}, recorded.hash)
    assert (await known(redrive(), ledger, letters)).problem == ""


@pytest.mark.parametrize(("hub", "why"), [("decisions", "only its sender"), ("predictions", "only its sender")])
async def test_a_dead_letter_of_another_hub_is_its_senders(hub: str, why: str) -> None:
    letters = MemoryLetterBook()
    await letters.keep("l-1", letter_of(hub))
    assert why in (await known(redrive(decision="", letter="l-1"), MemoryLedger(), letters)).problem


async def test_only_a_letter_that_control_has_buried_is_sent_again() -> None:
    letters = MemoryLetterBook()
    forged = await known(redrive(decision="", letter="forged"), MemoryLedger(), letters)
    assert "no such dead letter" in forged.problem
    await letters.keep("l-1", letter_of())
    found = await known(redrive(decision="", letter="l-1"), MemoryLedger(), letters)
    decision = decide_redrive(Commanded(), facts(found), redrive(decision="", letter="l-1"), POLICY)
    assert decision.effects[1] == SendAgain(body=digest("d"))
    foreign = redrive(decision="", letter="l-1", service="drift")
    assert "of service staging" in (await known(foreign, MemoryLedger(), letters)).problem


async def test_a_letter_is_sent_again_under_its_own_id_and_garbage_is_refused() -> None:
    letters, publisher = MemoryLetterBodies(), MemoryEventPublisher()
    original = envelope(registered())
    await SendAgain(body=await letters.keep(encode(original))).perform(letters, publisher)
    assert publisher.published["events"] == [original]
    with pytest.raises(Refused, match="unreadable"):
        await SendAgain(body=await letters.keep(b"garbage")).perform(letters, publisher)


def test_brakes_themselves_are_never_held() -> None:
    assert not service.may_be_held
