"""The whole suite as Azure ML runs it: request in, report out, on real models and real flights."""

import json
from typing import Any

import numpy as np
import pandas as pd

from infra.pipelines.flights.data import rows
from shared.packages import StagingReport, StagingRequestBody, SuiteLimits
from shared.profiles import Reference
from tests.unit.jobs import material
from tests.unit.jobs.conftest import Bench, Flights

LIMITS = SuiteLimits(smoke_requests=30, latency_p95_ms=5_000)


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in report["checks"]}


async def test_a_first_version_is_inconclusive_in_nothing_but_the_missing_rows(bench: Bench, flights: Flights) -> None:
    candidate = await bench.adopt(flights.first)
    request = StagingRequestBody(candidate=candidate, endpoint=material.endpoint("first"), limits=LIMITS)
    report = await bench.run("staging", request, "staging-first")
    assert report["verdict"] == "inconclusive"
    assert {name for name, verdict in verdicts(report).items() if verdict != "passed"} == {"comparison.rows"}
    made = {"graph.signature", "golden.alone", "reference.labels", "reference.prediction", "deployment.load_32_rows"}
    assert verdicts(report).keys() >= made
    assert StagingReport.model_validate(report).candidate == candidate


async def test_a_better_second_version_passes_every_check(bench: Bench, flights: Flights, may: pd.DataFrame) -> None:
    where = material.endpoint("second")
    champion, candidate = await bench.adopt(flights.first), await bench.adopt(flights.second, "2")
    await bench.replay(where, champion, flights.first, may)
    request = StagingRequestBody(candidate=candidate, champion=champion, endpoint=where, limits=LIMITS)
    report = await bench.run("staging", request, "staging-second")
    assert (report["verdict"], report["rows"]) == ("passed", len(may)), report["reason"]
    better = {check["name"]: check["measured"] for check in report["checks"]}
    assert better["comparison.log_loss"] < 0
    assert better["comparison.roc_auc"] < 0


async def test_a_broken_candidate_fails_with_its_reason(bench: Bench, flights: Flights, may: pd.DataFrame) -> None:
    where = material.endpoint("broken")
    champion, candidate = await bench.adopt(flights.first), await bench.adopt(flights.broken, "3")
    await bench.replay(where, champion, flights.first, may)
    request = StagingRequestBody(candidate=candidate, champion=champion, endpoint=where, limits=LIMITS)
    report = await bench.run("staging", request, "staging-broken")
    found = verdicts(report)
    assert report["verdict"] == "failed"
    assert found["metrics.roc_auc"] == found["comparison.roc_auc"] == "failed"
    assert "roc_auc" in report["reason"]
    assert found["golden.reproduced"] == "passed"


async def test_rows_that_the_candidate_was_trained_on_do_not_count(bench: Bench, flights: Flights) -> None:
    where = material.endpoint("overlap")
    champion, candidate = await bench.adopt(flights.first), await bench.adopt(flights.second, "2")
    await bench.replay(where, champion, flights.first, rows("2013-04-20", "2013-05-01").iloc[::6])
    request = StagingRequestBody(candidate=candidate, champion=champion, endpoint=where, limits=LIMITS)
    report = await bench.run("staging", request, "staging-overlap")
    check = next(check for check in report["checks"] if check["name"] == "comparison.rows")
    assert (report["verdict"], check["verdict"], check["measured"]) == ("inconclusive", "inconclusive", 0)
    assert "overlap" in check["detail"]


async def test_production_rows_of_poor_quality_fail(bench: Bench, flights: Flights, may: pd.DataFrame) -> None:
    where = material.endpoint("quality")
    candidate = await bench.adopt(flights.second, "2")
    spoilt = may.assign(carrier="??", temp=np.float32("nan"), humid=np.float32(-1))
    await bench.replay(where, candidate, flights.second, spoilt)
    report = await bench.run("staging", StagingRequestBody(candidate=candidate, endpoint=where, limits=LIMITS), "q")
    found = verdicts(report)
    kinds = ("quality.null_rate_rise", "quality.out_of_range_rate", "quality.unseen_category_rate")
    assert [found[kind] for kind in kinds] == ["failed"] * 3


async def test_the_reference_profile_is_kept_as_evidence(bench: Bench) -> None:
    candidate = await bench.adopt(material.small_package())
    request = StagingRequestBody(candidate=candidate, endpoint=material.endpoint("profile"), limits=LIMITS)
    report = await bench.run("staging", request, "staging-profile")
    digest = report["profile"]
    reference = Reference.from_json(json.loads(await bench.read(f"{digest[:2]}/{digest}")))
    assert (reference.digest, reference.package, reference.rows) == (digest, candidate.digest, 400)


async def test_a_hostile_model_is_a_failed_check_and_not_a_crashed_job(bench: Bench) -> None:
    limits = LIMITS.model_copy(update={"run_seconds": 20})  # on a busy machine, to read a table takes some
    candidate = await bench.adopt(material.small_package(material.endless()))
    request = StagingRequestBody(candidate=candidate, endpoint=material.endpoint("endless"), limits=limits)
    report = await bench.run("staging", request, "staging-endless")
    assert report["verdict"] == "failed"
    assert report["reason"].startswith("graph.runs: ")


async def test_wrong_golden_rows_fail(bench: Bench) -> None:
    golden = material.parquet({"x": [0.0, 1.0], "label": [0, 1], "probability": [0.5, 0.9]})
    candidate = await bench.adopt(material.small_package(golden_parquet=golden))
    request = StagingRequestBody(candidate=candidate, endpoint=material.endpoint("golden"), limits=LIMITS)
    report = await bench.run("staging", request, "staging-golden")
    check = next(check for check in report["checks"] if check["name"] == "golden.reproduced")
    assert (report["verdict"], check["verdict"]) == ("failed", "failed")
    assert abs(check["measured"] - 0.16894) < 1e-4
