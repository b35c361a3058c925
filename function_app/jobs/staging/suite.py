"""The order of the suite: look at the graph, run it confined, then judge what it answered."""

import asyncio
from dataclasses import dataclass

from function_app.jobs.labelled import days_before, labelled_rows
from function_app.jobs.rows import LabelledRows, Wanted
from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.bias import check_bias
from function_app.jobs.staging.comparison import against_champion, against_itself, check_own_metrics, check_rows
from function_app.jobs.staging.deployment import check_deployment
from function_app.jobs.staging.graph import check_finite, check_golden, check_operators, check_tensors
from function_app.jobs.staging.quality import build_reference, check_quality
from function_app.jobs.staging.rehearsal import rehearse, unrestorable
from function_app.jobs.staging.results import failed, inconclusive, passed, verdict_of
from function_app.jobs.staging.subject import Subject, Tables, predict, run_candidate
from function_app.jobs.storage import JobStorage
from shared.events import CheckResult, canonical
from shared.packages import ModelPackage, NotAPackage, Rehearsal, StagingReport, StagingRequestBody
from shared.ports import Refused


@dataclass(frozen=True, slots=True)
class Material:
    """A package with its files."""

    package: ModelPackage
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checks found. `profile` is the digest of the kept reference profile, `rehearsal` the way back."""

    checks: list[CheckResult]
    rows: LabelledRows | None = None
    profile: str | None = None
    rehearsal: Rehearsal | None = None


async def run_suite(request: StagingRequestBody, storage: JobStorage) -> StagingReport:
    """A candidate that cannot be read or run has failed; what keeps us from judging it is raised (`Unavailable`)."""
    try:
        outcome = await _judge(request, storage)
    except NotAPackage as problem:
        outcome = Outcome([failed("package", str(problem))])
    verdict, reason = verdict_of(outcome.checks)
    seen = outcome.rows.observed_at if outcome.rows else ()
    return StagingReport(
        verdict=verdict,
        reason=reason,
        candidate=request.candidate,
        champion=request.champion,
        endpoint=request.endpoint,
        limits=request.limits,
        checks=tuple(outcome.checks),
        rows=len(seen),
        first_row=seen[0] if seen else None,
        last_row=seen[-1] if seen else None,
        profile=outcome.profile,
        rehearsal=outcome.rehearsal,
    )


async def _judge(request: StagingRequestBody, storage: JobStorage) -> Outcome:
    candidate = Material(*await storage.package(request.candidate))
    champion, checks = await _champion(request, storage)
    sandbox = Sandbox(request.limits.run_seconds, request.limits.run_megabytes)
    tables = await asyncio.to_thread(Tables.of, candidate.package.signature, candidate.files, sandbox)
    reference = build_reference(candidate.package, tables)
    profile = await storage.evidence.keep(canonical(reference.to_json()))
    rows, earlier = await _production_rows(request, storage, candidate.package, champion)
    checks += [check_own_metrics(candidate.package, request.limits), check_rows(rows, earlier, request.limits)]
    if len(rows):
        checks += check_quality(rows, reference, request.limits)
    checks += await asyncio.to_thread(_run_and_judge, request, candidate, champion, tables, rows)
    if any(check.verdict == "failed" for check in checks):
        return Outcome(checks, rows, profile)
    rehearsal, found = await rehearse(request, candidate.files, storage)
    return Outcome([*checks, *found], rows, profile, rehearsal)


async def _champion(request: StagingRequestBody, storage: JobStorage) -> tuple[Material | None, list[CheckResult]]:
    """A champion that cannot be read is no fault of the candidate, but there would be no way back to it (N4)."""
    if request.champion is None:
        return None, []
    try:
        return Material(*await storage.package(request.champion)), []
    except (NotAPackage, Refused) as problem:
        return None, [unrestorable(request.champion, problem)]


async def _production_rows(
    request: StagingRequestBody, storage: JobStorage, candidate: ModelPackage, champion: Material | None
) -> tuple[LabelledRows, int]:
    """Labelled rows later than both trainings, and the number of days that were left out because they are not."""
    since = max([candidate.trained_until] + ([champion.package.trained_until] if champion else []))
    wanted = Wanted(candidate.signature.input_names, since, newest=request.limits.most_rows)
    rows = await labelled_rows(storage, request.endpoint, wanted)
    return rows, await days_before(storage, request.endpoint, since)


def _run_and_judge(
    request: StagingRequestBody, candidate: Material, champion: Material | None, tables: Tables, rows: LabelledRows
) -> list[CheckResult]:
    """Nothing of the model is run unless its graph is in order, and nothing is judged unless it ran."""
    sandbox = Sandbox(request.limits.run_seconds, request.limits.run_megabytes)
    operators = check_operators(candidate.files, sandbox, request.limits)
    if operators.verdict == "failed":
        return [operators]
    tensors = check_tensors(candidate.package.signature, candidate.files["model.onnx"])
    if tensors.verdict == "failed":
        return [operators, tensors]
    try:
        subject = run_candidate(candidate.package, candidate.files, tables, rows, sandbox)
    except (ModelFailed, ValueError) as failure:
        return [operators, tensors, failed("graph.runs", str(failure))]
    checks = [operators, tensors, passed("graph.runs", "ran on every row within its limits")]
    checks += [check_finite(subject), check_golden(subject, request.limits)]
    if any(check.verdict == "failed" for check in checks):
        return checks
    checks += check_deployment(request.candidate, candidate.files, subject, request.limits)
    checks += check_bias(subject, request.limits)
    if len(rows) >= request.limits.least_rows:
        checks += _compare(request, subject, champion, sandbox)
    return checks


def _compare(
    request: StagingRequestBody, subject: Subject, champion: Material | None, sandbox: Sandbox
) -> list[CheckResult]:
    if champion is None:
        return against_itself(subject, request.limits)
    try:
        predicted = predict(champion.package, champion.files, subject.rows, sandbox)
    except (ModelFailed, ValueError, KeyError) as failure:
        return [inconclusive("comparison.champion", f"the champion could not be run on these rows: {failure}")]
    return against_champion(subject, predicted, request.limits)
