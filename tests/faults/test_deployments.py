"""A newer policy and newer code, deployed in mid-story."""

import pytest

from shared.adapters.azure.storage.evidence import BlobEvidence
from shared.events.workspaces import STAGES, Workspace
from shared.policies import PolicyDocument
from shared.ports import Progress
from tests.faults.conftest import STEADY_ENDPOINTS
from tests.faults.crashing import Poison
from tests.faults.endpoints import Endpoint, workspace
from tests.faults.receivers import ledger_of
from tests.faults.stories import Stories
from tests.faults.system import System
from tests.faults.workload import policy
from tests.support.builders import read_document
from tests.support.eventually import aeventually

pytestmark = [pytest.mark.faults, pytest.mark.local_only, pytest.mark.timeout(900)]

INVENTORY = [Workspace(id=workspace(stage), stages=(stage,)) for stage in STAGES]


async def decisions(system: System, stories: Stories) -> list[Progress]:
    """About this test's endpoints and models."""
    names = {f"{kind}-{endpoint.number}" for endpoint in stories.endpoints for kind in ("model", "endpoint")}
    ledger = ledger_of(system)
    return [
        progress
        async for service, entity, _ in ledger.chains()
        if entity.name.partition(":")[0] in names
        async for progress in ledger.entries(service, entity)
    ]


async def test_a_newer_policy_holds_for_what_is_decided_from_then_on(steady_system: System, stories: Stories) -> None:
    """What was decided keeps naming the policy it was decided by."""
    older, newer = policy(STEADY_ENDPOINTS), policy(STEADY_ENDPOINTS).replace("silent_s: 60", "silent_s: 61")
    digests = [read_document(text, INVENTORY).digest for text in (older, newer)]
    with steady_system.control():
        await stories.launch(2)
        await stories.until_all_have("mlops.staging.started")
    before = {progress.entry.hash: progress.entry.policy for progress in await decisions(steady_system, stories)}
    assert set(before.values()) == {digests[0]}
    steady_system.deploy_policy(newer)
    with steady_system.control():
        await stories.run_out()
    steady_system.deploy_policy(older)
    after = {progress.entry.hash: progress.entry.policy for progress in await decisions(steady_system, stories)}
    assert before.items() <= after.items()
    assert {after[entry] for entry in after.keys() - before.keys()} == {digests[1]}
    changes = [frame["data"] for frame in stories.said("mlops.policy.changed")]
    assert {"before": digests[0], "after": digests[1], "by": "the tests"} in changes
    evidence = BlobEvidence(steady_system.storage.blobs)
    kept = [PolicyDocument.model_validate_json(await evidence.read(digest)).digest for digest in digests]
    assert kept == digests
    await stories.nothing_lost_or_doubled()


async def test_an_effect_of_newer_code_waits_for_that_code_and_is_said_to_stall(
    steady_system: System, stories: Stories
) -> None:
    """Newer code decides, cannot perform, is rolled back: what it recorded outlasts patience until it runs again."""
    (endpoint,) = await stories.launch(1)
    unreachable = Poison("jobs.submit", f"|model-{endpoint.number}:", "unavailable")
    with steady_system.control([unreachable], SLUICE_TEST_NEWER="1"):
        await aeventually(lambda: submitted(steady_system, stories))
    assert not has_job(steady_system, endpoint)
    with steady_system.control(PATIENCE_S="1", LONGEST_PAUSE_S="0.5"):

        async def tried_for_longer_than_patience() -> bool:
            return stories.log.repeats["mlops.action.stalled"] >= 4

        await stories.until(tried_for_longer_than_patience)
        (stalled,) = stories.said("mlops.action.stalled")
        await aeventually(lambda: told(steady_system, stalled["data"]["reason"]))
    assert (stalled["data"]["service"], stalled["data"]["effect"]) == ("staging", "submit_job")
    assert not has_job(steady_system, endpoint)
    with steady_system.control(SLUICE_TEST_NEWER="1"):
        await stories.run_out()
    assert stories.said("mlops.action.failed") == []
    await stories.nothing_lost_or_doubled(
        {(endpoint.number, "mlops.action.stalled"): 1, (endpoint.number, "platform-support"): 1}
    )


async def submitted(system: System, stories: Stories) -> bool:
    """The newer code has recorded that it will submit the job."""
    effects = [effect for each in await decisions(system, stories) for effect in each.entry.effects]
    return any((effect["kind"], effect["version"]) == ("submit_job", 2) for effect in effects)


def has_job(system: System, endpoint: Endpoint) -> bool:
    jobs = system.azure_ml.admin("GET", "/admin/jobs")
    return any(f"|{endpoint.model.name}:" in job["tags"].get("sluice-entity", "") for job in jobs)


async def told(system: System, reason: str) -> bool:
    return any(reason in path.read_text() for path in system.outbox.glob("*.json"))
