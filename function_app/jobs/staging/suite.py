"""The order of the suite: compare graph and signature, run it confined, look at its tables, then judge its answers.

A check that the policy leaves out is not made; the report says which, and why.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from function_app.jobs.labelled import days_before, labelled_rows
from function_app.jobs.rows import LabelledRows, Wanted
from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.comparison import against_champion, against_itself, check_own_metrics, check_rows
from function_app.jobs.staging.deployment import check_deployment
from function_app.jobs.staging.graph import (
    check_alone,
    check_answers,
    check_finite,
    check_golden,
    check_operators,
    check_signature,
)
from function_app.jobs.staging.own import check_own_tests
from function_app.jobs.staging.quality import build_reference, check_quality
from function_app.jobs.staging.reference import check_reference
from function_app.jobs.staging.rehearsal import NAME, rehearse, unrestorable
from function_app.jobs.staging.results import failed, inconclusive, passed, verdict_of
from function_app.jobs.staging.subject import Subject, Tables, predict, run_candidate
from function_app.jobs.storage import JobStorage
from shared.events import CheckResult, canonical
from shared.packages import LeftOut, ModelPackage, NotAPackage, Rehearsal, StagingReport, StagingRequestBody
from shared.ports import Refused


@dataclass(frozen=True, slots=True)
class Material:
    """A package with its files."""

    package: ModelPackage
    files: dict[str, bytes]


class Judgement:
    """What was found so far, without what the policy leaves out. `profile` is the digest of the reference profile."""

    def __init__(self, request: StagingRequestBody) -> None:
        self.limits = request.limits
        self.checks: list[CheckResult] = []
        self.rows: LabelledRows | None = None
        self.profile: str | None = None
        self.rehearsal: Rehearsal | None = None

    def add(self, *checks: CheckResult) -> bool:
        """Whether it makes sense to go on: nothing has failed."""
        self.checks += [each for each in checks if self.limits.reason_to_leave_out(each.name) is None]
        return all(each.verdict != "failed" for each in self.checks)

    def wants(self, family: str) -> bool:
        """What a whole family of checks needs is not done for none of them."""
        return family not in self.limits.left_out

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return tuple(LeftOut(check=name, reason=why) for name, why in sorted(self.limits.left_out.items()))


async def run_suite(request: StagingRequestBody, storage: JobStorage, kind: type[Sandbox] = Sandbox) -> StagingReport:
    """A candidate that cannot be read or run has failed; what keeps us from judging it is raised (`Unavailable`)."""
    found = Judgement(request)
    try:
        await _judge(request, storage, kind(request.limits.run_seconds, request.limits.run_megabytes), found)
    except NotAPackage as problem:
        found.add(failed("package", str(problem)))
    verdict, reason = verdict_of(found.checks)
    seen = found.rows.observed_at if found.rows else ()
    return StagingReport(
        verdict=verdict,
        reason=reason,
        candidate=request.candidate,
        champion=request.champion,
        endpoint=request.endpoint,
        limits=request.limits,
        checks=tuple(found.checks),
        left_out=found.left_out,
        rows=len(seen),
        first_row=seen[0] if seen else None,
        last_row=seen[-1] if seen else None,
        profile=found.profile,
        rehearsal=found.rehearsal,
    )


async def _judge(request: StagingRequestBody, storage: JobStorage, sandbox: Sandbox, found: Judgement) -> None:
    candidate = Material(*await storage.package(request.candidate))
    signature, model = candidate.package.signature, candidate.files["model.onnx"]
    if not found.add(check_signature(signature, model)):
        return
    if not found.add(await asyncio.to_thread(check_operators, candidate.files, sandbox, request.limits)):
        return
    champion, problems = await _champion(request, storage)
    found.add(*problems)
    tables = await asyncio.to_thread(Tables.of, signature, candidate.files, sandbox)
    found.rows, earlier = await _production_rows(request, storage, candidate.package, champion)
    subject = await asyncio.to_thread(_run, candidate, tables, found.rows, sandbox, found)
    if subject is None or not await asyncio.to_thread(_is_sound, candidate, subject, sandbox, found):
        return
    reference = build_reference(candidate.package, tables)
    found.profile = await storage.evidence.keep(canonical(reference.to_json()))
    found.add(*check_own_metrics(candidate.package, request.limits), check_rows(found.rows, earlier, request.limits))
    if len(found.rows):
        found.add(*check_quality(found.rows, reference, request.limits))
    await asyncio.to_thread(_judge_answers, request, candidate, champion, subject, sandbox, found)
    if found.add() and found.wants("rollback") and found.wants(NAME):
        found.rehearsal, checks = await rehearse(request, candidate.files, storage)
        found.add(*checks)


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
    signature = candidate.signature
    about = signature.about()
    rows = await labelled_rows(
        storage, request.endpoint, wanted, is_truth=lambda label: signature.task_kind.truth(label, about) is not None
    )
    return rows, await days_before(storage, request.endpoint, since)


def _run(candidate: Material, tables: Tables, rows: LabelledRows, sandbox: Sandbox, found: Judgement) -> Subject | None:
    """Nothing is judged unless it ran."""
    try:
        subject = run_candidate(candidate.package, candidate.files, tables, rows, sandbox)
    except (ModelFailed, ValueError) as failure:
        found.add(failed("graph.runs", str(failure)))
        return None
    found.add(passed("graph.runs", "ran on every row within its limits"))
    return subject


def _is_sound(candidate: Material, subject: Subject, sandbox: Sandbox, found: Judgement) -> bool:
    """Is what the package says of itself true? What follows is measured by it."""
    if not found.add(check_finite(subject), check_golden(subject, found.limits)):
        return False
    if not found.add(*check_reference(subject, found.limits)):
        return False
    return found.add(check_answers(subject), check_alone(candidate.files, sandbox))


def _judge_answers(
    request: StagingRequestBody,
    candidate: Material,
    champion: Material | None,
    subject: Subject,
    sandbox: Sandbox,
    found: Judgement,
) -> None:
    if found.wants("deployment"):
        found.add(*check_deployment(request.candidate, candidate.files, subject, request.limits))
    if found.wants("bias"):
        found.add(*_bias(subject, found))
    if found.wants("comparison") and len(subject.production) >= request.limits.least_rows:
        found.add(*_compare(request, subject, champion, sandbox))
    if found.wants("tests"):
        found.add(*check_own_tests(candidate.files, sandbox))


def _bias(subject: Subject, found: Judgement) -> Sequence[CheckResult]:
    from function_app.jobs.staging.bias import check_bias  # fairlearn takes longer to import than most checks to run

    return check_bias(subject, found.limits)


def _compare(
    request: StagingRequestBody, subject: Subject, champion: Material | None, sandbox: Sandbox
) -> list[CheckResult]:
    if champion is None:
        return against_itself(subject, request.limits)
    rows = subject.production
    try:
        answered = predict(champion.package, champion.files, rows, sandbox)
    except (ModelFailed, ValueError, KeyError) as failure:
        return [inconclusive("comparison.champion", f"the champion could not be run on these rows: {failure}")]
    return against_champion(subject, champion.package, answered, request.limits)
