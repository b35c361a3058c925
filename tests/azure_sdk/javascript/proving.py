"""Show that every check can fail: each broken server turns exactly the checks red that it concerns."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.azure_sdk.installing import fresh
from tests.azure_sdk.javascript.installing import FOLDER, install
from tests.azure_sdk.javascript.mutations import MUTATIONS, Mutation
from tests.azure_sdk.javascript.running import Outcome, run
from tests.azure_sdk.javascript.surroundings import Surroundings, surroundings
from tests.azure_sdk.report import Report

TITLE = "broken servers that exactly the checks concerned noticed"
# They mostly wait, and a check that fails waits to the end of its patience.
_SIDE_BY_SIDE, _PATIENCE_S = 3, 40.0


def prove(only: str = "") -> Report:
    """Those whose name holds these words; with all of them, every check has to have failed once."""
    chosen = [mutation for name, mutation in MUTATIONS.items() if only in name]
    report = Report(len(chosen), TITLE, {})
    installed = install()
    with surroundings(fresh(FOLDER / "broken")) as around, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        every = pool.map(lambda mutation: _noticed(around, installed, mutation), chosen)
        seen = list(_told(zip(chosen, every, strict=True), report))
    never = {claim for claims, _ in seen for claim in claims} - {claim for _, red in seen for claim in red}
    if not only:
        report.count(f"each check failed once, but for: {sorted(never)}", passed=not never)
    return report


def _noticed(around: Surroundings, installed: Path, mutation: Mutation) -> list[Outcome]:
    program = ("-m", "tests.azure_sdk.javascript.broken", mutation.name)
    return run(around, installed, mutation.name, program, patience_s=_PATIENCE_S)


def _told(judged: Iterable[tuple[Mutation, list[Outcome]]], report: Report) -> Iterator[tuple[set[str], set[str]]]:
    """Print the table as it grows; yields all claims of a run, and those that failed."""
    for mutation, outcomes in judged:
        claims = {outcome.claim for outcome in outcomes}
        red = {outcome.claim for outcome in outcomes if outcome.failed is not None}
        wrong = complaints(mutation, claims, red)
        report.count("; ".join([mutation.name, *wrong]), passed=not wrong)
        print(f"{'as it should' if not wrong else 'WRONG'}: {mutation.what} Red: {'; '.join(sorted(red))}", flush=True)
        yield claims, red


def complaints(mutation: Mutation, claims: set[str], red: set[str]) -> list[str]:
    """Where the red ones are not those that the mutation names."""
    due = {claim for claim in claims if any(words in claim for words in mutation.red)}
    may = {claim for claim in claims if any(words in claim for words in mutation.may)}
    nowhere = [words for words in (*mutation.red, *mutation.may) if not any(words in claim for claim in claims)]
    return [
        *(f"no check claims '{words}'" for words in nowhere),
        *(f"not noticed by: {claim}" for claim in sorted(due - red)),
        *(f"noticed by: {claim}" for claim in sorted(red - due - may)),
    ]
