"""The way back is tried in staging, in real processes (N4): who could not be gone back from is not promoted."""

import hashlib
from typing import Any

from function_app.jobs.staging import rehearsal
from shared.packages import StagingReport, StagingRequestBody, SuiteLimits
from tests.unit.jobs import material
from tests.unit.jobs.conftest import Bench

LIMITS = SuiteLimits(smoke_requests=30, latency_p95_ms=5_000, least_rows=1_000_000, most_rows=1_000_000)
CHAMPION, CANDIDATE = material.small_package(), material.small_package(metrics_json=b'{"roc_auc": 0.95}')


async def judged(bench: Bench, name: str, *, spoil: dict[str, bytes] | None = None, **asked: Any) -> StagingReport:
    """The report on a candidate that is in order; `spoil` overwrites blobs of the champion once it was adopted."""
    champion, candidate = await bench.adopt(asked.pop("files", CHAMPION)), await bench.adopt(CANDIDATE, "2")
    for file, body in (spoil or {}).items():
        await bench.put("models", f"{champion.digest}/{file}", body)
    request = StagingRequestBody(
        candidate=candidate, champion=champion, endpoint=material.endpoint(name), limits=asked.pop("limits", LIMITS)
    )
    return StagingReport.model_validate(await bench.run("staging", request, f"rehearsal-{name}"))


def check(report: StagingReport) -> Any:
    return next(check for check in report.checks if check.name == rehearsal.NAME)


async def test_the_champion_is_restored_and_what_it_answered_is_kept(bench: Bench) -> None:
    report = await judged(bench, "whole")
    found = report.rehearsal
    assert found is not None
    assert found.package == report.champion
    assert check(report).verdict == "passed"
    assert (found.rows, found.distance < 1e-6, 0 < found.restore_s < 60) == (50, True, True)
    assert hashlib.sha256(await bench.read(f"{found.outputs[:2]}/{found.outputs}")).hexdigest() == found.outputs


async def test_a_corrupted_champion_fails_the_candidate_with_the_reason(bench: Bench) -> None:
    spoilt = CHAMPION["model.onnx"][:-1] + bytes([CHAMPION["model.onnx"][-1] ^ 1])
    files = material.small_package(environment_yml=b"name: corrupted\n")
    report = await judged(bench, "corrupted", files=files, spoil={"model.onnx": spoilt})
    assert (report.verdict, report.rehearsal, check(report).verdict) == ("failed", None, "failed")
    assert "rollback.rehearsal: model:1, which serves now, could not be restored" in report.reason
    assert "its digest is" in report.reason


async def test_a_missing_champion_fails_the_candidate_too(bench: Bench) -> None:
    candidate = await bench.adopt(CANDIDATE, "2")
    gone = material.package_ref(material.small_package(environment_yml=b"name: gone\n"))
    request = StagingRequestBody(candidate=candidate, champion=gone, endpoint=material.endpoint("gone"), limits=LIMITS)
    report = StagingReport.model_validate(await bench.run("staging", request, "rehearsal-gone"))
    assert (report.verdict, report.rehearsal, check(report).verdict) == ("failed", None, "failed")


async def test_a_champion_that_no_longer_answers_its_golden_rows_is_named(bench: Bench) -> None:
    """Within what loading lets pass, beyond what the policy does."""
    probability = material.golden_probability() * 1.0005
    golden = material.golden(probability)
    report = await judged(bench, "drifted", files=material.small_package(golden_parquet=golden))
    assert (report.verdict, report.rehearsal) == ("failed", None)
    assert "came back, but output probability differs by up to 0.000" in check(report).detail


async def test_a_champion_that_does_not_come_up_is_named(bench: Bench) -> None:
    golden = material.golden(material.golden_probability() * 1.5)
    report = await judged(bench, "down", files=material.small_package(golden_parquet=golden))
    assert check(report).verdict == "failed"
    assert "golden rows: output probability, row 0" in check(report).detail


async def test_without_a_champion_nothing_is_rehearsed(bench: Bench) -> None:
    candidate = await bench.adopt(CANDIDATE, "2")
    request = StagingRequestBody(candidate=candidate, endpoint=material.endpoint("first"), limits=LIMITS)
    report = StagingReport.model_validate(await bench.run("staging", request, "rehearsal-first"))
    assert report.rehearsal is None
    assert rehearsal.NAME not in {check.name for check in report.checks}


async def test_a_candidate_that_failed_is_not_gone_back_from(bench: Bench) -> None:
    report = await judged(bench, "failed", limits=LIMITS.model_copy(update={"least_roc_auc": 0.99}))
    assert report.verdict == "failed"
    assert report.rehearsal is None
    assert rehearsal.NAME not in {check.name for check in report.checks}
