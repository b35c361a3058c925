"""The invariants can fail: policies and stores that break them are caught, and a killed app breaks none."""

from copy import copy
from itertools import count
from typing import Any, cast

import pytest

from services.promotion import policy as promotion_policy
from shared.events import ApprovalGranted, PromotionStarted, StagingPassed
from shared.policies import PolicyDocument
from shared.ports import ServingManifests
from shared.reactor import Decision, Facts
from tests.story.running import Play
from tests.support.world import SERVICES, World


def decide_hastily(
    state: promotion_policy.Promotion,
    facts: Facts[promotion_policy.Approved],
    event: StagingPassed,
    policy: PolicyDocument,
) -> Decision[promotion_policy.Promotion]:
    """What promotion must never do: take a passed staging for an approval."""
    granted = ApprovalGranted(
        approval_id="nobody", endpoint=event.endpoint, candidate=event.candidate, profile=event.profile, approver=""
    )
    return promotion_policy.decide_granted(state, facts, granted, policy)


async def gather_hastily(event: StagingPassed, manifests: ServingManifests) -> promotion_policy.Approved:
    return promotion_policy.Approved(manifest=await manifests.read(event.endpoint))


async def stage_one(play: Play) -> None:
    play.azure.register("1")
    await play.settle()
    for job in play.azure.running():
        play.azure.end(job)
    await play.settle()


async def test_a_promotion_without_an_approval_is_caught() -> None:
    honest = SERVICES["promotion"]
    hasty = copy(honest)
    hasty.reactions = dict(honest.reactions)
    hasty.reacts_to(
        StagingPassed, gather=gather_hastily, decide=decide_hastily, emits=[PromotionStarted],
        entity=lambda event: event.endpoint.entity,
    )  # fmt: skip
    play = Play(World({**SERVICES, "promotion": hasty}))
    await stage_one(play)
    with pytest.raises(AssertionError, match="serves without an approval"):
        await play.invariants.check()


async def test_a_rewritten_ledger_is_caught() -> None:
    play = Play()
    await stage_one(play)
    async for service, entity, _ in play.world.ledger.chains():
        async for progress in play.world.ledger.entries(service, entity):
            cast(dict[str, Any], progress.entry.facts)["now"] = "another time"
    with pytest.raises(AssertionError, match="content and hash differ"):
        await play.invariants.check()


async def test_something_left_waiting_is_caught() -> None:
    play = Play()
    await stage_one(play)
    with pytest.raises(AssertionError):
        await play.invariants.at_rest()


async def test_a_killed_app_is_replaced_and_loses_nothing() -> None:
    """Killed at every third of the moments between port calls: the way to live is always the same."""
    ends, kills = set(), 0
    for steps in count(step=3):
        play = Play()
        play.world.faults.crash_in = steps
        await stage_one(play)
        await play.people.decide(play.people.links()[-1])
        await play.run_out()
        await play.invariants.at_rest()
        ends.add((await play.world.manifest()).current)
        if not play.world.faults.instance:
            break
        kills += 1
    assert kills > 70
    assert len(ends) == 1
    assert None not in ends
