"""Brakes, proposals and redrives through every service at once, each event delivered twice (F25)."""

from datetime import timedelta
from typing import Any

from shared.events import (
    ActionObserved,
    ApprovalDecided,
    BrakeEngaged,
    DeadLettered,
    Event,
    ReactionsPaused,
    ReactionsResumed,
    RedriveRefused,
    RedriveRequested,
    RedriveStarted,
    RetrainingFailed,
    RetrainingRequested,
    RetrainingStarted,
    encode,
)
from shared.events.decision_statement import decision_statement
from shared.ports import LetterBook, Message
from shared.reactor import DeadLetters
from tests.support.builders import NOW, envelope, policy_document
from tests.support.world import ENDPOINT, PERSONAS, POLICY, World

WHO: dict[str, Any] = {"operator": "petra@example.com", "reason": "looking into it"}
WANTED = RetrainingRequested(endpoint=ENDPOINT, model_name="flights", data_until=NOW, reason="drift")


async def send(world: World, event: Event, id: str, hub: Any = "events") -> None:
    await world.hubs.publish(hub, [envelope(event, id=id, time=world.clock.now())])
    await settle(world)


async def settle(world: World) -> None:
    """Deliver everything, each message twice, until nothing is left."""
    while world.hubs.waiting:
        for delivery in list(world.hubs.waiting):
            await world.deliver(delivery, again=True)
            await world.deliver(delivery)


async def later(world: World, by: timedelta) -> None:
    world.clock.advance(by)
    await world.tick()
    await settle(world)


async def pause(world: World, *, over: bool = False, scope: str = "all") -> None:
    world.clock.advance(timedelta(seconds=1))
    kind = ReactionsResumed if over else ReactionsPaused
    await send(world, kind(scope=scope, **WHO), f"{kind.type} {world.clock.now()}", "decisions")


def redrive(decision: str = "wanted") -> RedriveRequested:
    return RedriveRequested(service="retraining", about=str(WANTED.entity), decision=decision, **WHO)


async def test_paused_nothing_is_done_and_a_redrive_does_it_once() -> None:
    world = World()
    await pause(world)
    assert [event.scope for event in world.hubs.events(BrakeEngaged)] == ["all"]
    await send(world, WANTED, "wanted")
    assert {event.service for event in world.hubs.events(ActionObserved)} == {"retraining"}
    await pause(world, over=True)
    await later(world, timedelta(minutes=5))
    assert world.jobs.asked == []
    for id in ("first", "second"):
        await send(world, redrive(), id, "decisions")
    assert len({request.ref for request in world.jobs.asked}) == len(world.jobs.asked) == 1
    assert len(world.hubs.events(RetrainingStarted)) == 1
    assert len(world.hubs.events(RedriveStarted)) == 1
    assert [event.refusal for event in world.hubs.events(RedriveRefused)] == [
        "petra@example.com had it redriven before"
    ]


async def test_a_brake_on_one_endpoint_leaves_others_alone() -> None:
    world = World()
    other = ENDPOINT.model_copy(update={"name": "trains"})
    await pause(world, scope=str(other.entity))
    await send(world, WANTED, "wanted")
    assert len(world.jobs.asked) == 1


async def test_what_was_under_way_when_the_brake_was_engaged_comes_to_its_end_after_it() -> None:
    world = World()
    await send(world, WANTED, "wanted")
    await pause(world)
    world.jobs.end(world.jobs.asked[0].ref, "failed")
    for _ in range(4):
        await later(world, timedelta(seconds=61))
    assert world.hubs.events(RetrainingFailed) == []
    await pause(world, over=True)
    await later(world, timedelta(seconds=61))
    await later(world, timedelta(seconds=61))
    assert len(world.hubs.events(RetrainingFailed)) == 1


async def test_a_proposal_is_asked_about_and_a_grant_does_it_once() -> None:
    limits = {**POLICY.endpoints["flights"].limits, "modes": {"retraining": "propose"}}
    world = World(policy=policy_document(**limits))
    await send(world, WANTED, "wanted")
    assert world.jobs.asked == []
    (approval,) = world.approvals.approvals.values()
    assert approval.action is not None
    assert approval.action.would == ("submit_job", "publish mlops.retraining.started")
    assert {notice.audience for notice in world.notifier.sent if notice.link} == set(PERSONAS)
    await later(world, timedelta(minutes=1))
    await send(world, approved(world), "approved", "decisions")
    assert len(world.jobs.asked) == 1
    assert len(world.hubs.events(RetrainingStarted)) == 1
    assert (await world.approvals.get(approval.id)).status == "granted"
    world.jobs.end(world.jobs.asked[0].ref, "failed")
    await later(world, timedelta(minutes=1))
    assert len(world.hubs.events(RetrainingFailed)) == 1


def approved(world: World) -> ApprovalDecided:
    """As the gateway sends it when somebody with the link presses the button."""
    (approval,) = world.approvals.approvals.values()
    claim = ApprovalDecided(
        approval_id=approval.id,
        scope=approval.scope,
        verdict="approve",
        approver="lea@example.com",
        persona="project-lead",
        package=approval.subject,
        evidence=approval.evidence,
        proof="",
    )
    token = next(notice.link for notice in world.notifier.sent if notice.link).partition("token=")[2]
    return claim.model_copy(update={"proof": world.verifier.proof(token, decision_statement(claim))})


async def test_a_buried_event_is_sent_again_and_only_who_missed_it_acts() -> None:
    world = World()
    message = Message("events", 7, 0, encode(envelope(WANTED, id="buried")))
    letters = DeadLetters(world.hubs, world.letter_bodies, world.clock, world.ports[LetterBook])
    await letters.bury("retraining", message, "a bug, mended since")
    (letter,) = [sent for _, sent in world.hubs.log if isinstance(sent.data, DeadLettered)]
    for id in ("once", "twice"):
        again = RedriveRequested(service="retraining", letter=letter.id, **WHO)
        await send(world, again, id, "decisions")
    assert len(world.jobs.asked) == 1
    assert len(world.hubs.events(RedriveRefused)) == 1
