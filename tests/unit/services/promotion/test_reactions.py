"""What promotion looks up: the rehearsal by the approval's own evidence, the counts of two versions, the profile."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from services.promotion.reactions import gather_approved, gather_live, service
from shared.adapters.memory import ManualClock, MemoryEvidence, MemoryServingManifests
from shared.events import CheckResult, EndpointRef, canonical
from shared.packages import StagingReport
from shared.packages.staging_suite import Rehearsal, SuiteLimits
from shared.ports import Instance
from shared.profiles import Reference
from tests.support.builders import NOW, digest, package_ref
from tests.unit.services.promotion.material import (
    ENDPOINT,
    FOLLOWING,
    GRANTED,
    LOOKED,
    NEW,
    NO,
    OLD,
    OTHER,
    POLICY,
    SERVING,
    YES,
    report,
)

REPORT = StagingReport(
    verdict="passed", reason="all passed", candidate=NEW.package, champion=OLD.package, endpoint=ENDPOINT,
    limits=SuiteLimits(), checks=(CheckResult(name="golden", verdict="passed"),), rows=10,
    rehearsal=Rehearsal(package=OLD.package, rows=5, distance=0, outputs=digest("f"), restore_s=0.3),
)  # fmt: skip


async def manifests() -> MemoryServingManifests:
    found = MemoryServingManifests()
    for generation in range(1, SERVING.generation + 1):
        await found.swap(SERVING.model_copy(update={"generation": generation, "changed_by": str(generation)}))
    return found


async def rehearsed(body: bytes) -> tuple[object, str]:
    evidence = MemoryEvidence()
    granted = GRANTED.model_copy(update={"evidence": await evidence.keep(body)})
    known = await gather_approved(granted, await manifests(), evidence)
    return known.rehearsed, known.problem


async def test_the_rehearsal_is_read_from_the_report_that_the_person_saw() -> None:
    assert await rehearsed(REPORT.model_dump_json().encode()) == (OLD.package, "")


async def test_a_report_without_a_rehearsal_rehearses_nothing() -> None:
    body = REPORT.model_copy(update={"rehearsal": None}).model_dump_json().encode()
    assert await rehearsed(body) == (None, "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{}", "cannot be read"),
        (REPORT.model_copy(update={"candidate": OTHER}).model_dump_json().encode(), "about another candidate"),
    ],
)
async def test_a_report_that_does_not_hold_is_said_to_be_so(body: bytes, words: str) -> None:
    found, problem = await rehearsed(body)
    assert found is None
    assert words in problem


async def test_a_report_that_is_gone_or_was_never_named_is_said_to_be_so() -> None:
    known = await gather_approved(GRANTED, await manifests(), MemoryEvidence())
    assert "cannot be read" in known.problem
    without = GRANTED.model_copy(update={"evidence": None})
    assert "names no" in (await gather_approved(without, await manifests(), MemoryEvidence())).problem


class Reporting:
    """One instance, which reports three versions."""

    async def of(self, endpoint: EndpointRef, since: datetime) -> Mapping[str, Instance]:
        versions = (report(OLD.package, 10), report(NEW.package, 5), report(package_ref("7", "7"), 9))
        return {"a": Instance(at=since, versions={each.package.digest: each for each in versions})}


async def test_counts_of_candidate_and_champion_are_gathered_with_what_staging_saw() -> None:
    evidence, cells = MemoryEvidence(), [row / 100 for row in range(100)]
    reference = Reference.build({}, {}, prediction=("probability", cells), labels=None, package=NEW.package.digest)
    profile = await evidence.keep(canonical(reference.to_json()))
    state = FOLLOWING.model_copy(update={"route": NEW.model_copy(update={"profile": profile})})
    known = await gather_live(LOOKED, state, await manifests(), Reporting(), evidence, ManualClock(NOW), POLICY)
    assert set(known.instances["a"].versions) == {OLD.package.digest, NEW.package.digest}
    assert known.reference == (10,) * 10 + (0, 0)
    assert known.manifest.generation == 4


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"format": 1}'])
async def test_a_profile_that_cannot_be_read_is_no_agreement(body: bytes) -> None:
    evidence = MemoryEvidence()
    state = FOLLOWING.model_copy(update={"route": NEW.model_copy(update={"profile": await evidence.keep(body)})})
    clock = ManualClock(NOW + timedelta(seconds=1))
    known = await gather_live(LOOKED, state, await manifests(), Reporting(), evidence, clock, POLICY)
    assert known.reference == ()


def test_answers_and_reminders_of_other_services_are_not_for_us() -> None:
    assert {service.concerned(event) for event in (YES, NO, LOOKED)} == {ENDPOINT.entity}
    assert service.concerned(YES.model_copy(update={"service": "retraining"})) is None
