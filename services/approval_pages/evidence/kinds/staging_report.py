"""The staging suite's report on a candidate (R033 to R040): what is not in order first, with number, limit, picture."""

from services.approval_pages.evidence.registry import Renderer
from services.approval_pages.evidence.showing import Block, Facts, Measure, Measures, Shown, Table
from services.approval_pages.values import day, duration, number, package_words, plain
from shared.events import CheckResult
from shared.events.staging import Bound
from shared.packages import StagingReport

# So many passed checks are closed until somebody wants to see them.
_MOST_OPEN = 6


def show(report: StagingReport) -> Shown:
    order = ("failed", "inconclusive")
    wanting = sorted(
        (each for each in report.checks if each.verdict in order), key=lambda each: order.index(each.verdict)
    )
    passed = [each for each in report.checks if each.verdict == "passed"]
    blocks: list[Block] = [_facts(report)]
    if wanting:
        blocks.append(Measures("Checks that did not pass", tuple(map(_measure, wanting))))
    if passed:
        title = f"{len(passed)} {'check' if len(passed) == 1 else 'checks'} passed"
        blocks.append(Measures(title, tuple(map(_measure, passed)), folded=len(passed) > _MOST_OPEN))
    if report.left_out:
        rows = tuple((plain(each.check), each.reason) for each in report.left_out)
        blocks.append(Table("Checks that the policy leaves out", ("Check", "Why"), rows))
    return Shown("Staging", tuple(blocks), outcome=report.verdict)


def _facts(report: StagingReport) -> Facts:
    champion = package_words(report.champion) if report.champion else "none: nothing serves this endpoint yet"
    rows = [("Serving now", champion), ("Compared on", _rows(report))]
    if report.rehearsal:
        tried = report.rehearsal
        back = f"{tried.package.model} in {duration(tried.restore_s)}, {tried.rows:,} golden rows, "
        rows.append(("Way back, tried", f"{back}{number(tried.distance)} apart at most"))
    elif report.champion:
        rows.append(("Way back, tried", "no"))
    return Facts(tuple(rows))


def _rows(report: StagingReport) -> str:
    if not report.rows:
        return "no labelled production rows"
    span = ""
    if report.first_row and report.last_row:
        span = f" of {day(report.first_row)} to {day(report.last_row)}"
    return f"{report.rows:,} labelled production rows{span}"


def _measure(check: CheckResult) -> Measure:
    known = check.margin is not None and check.measured is not None
    return Measure(
        name=plain(check.name),
        outcome=check.verdict,
        value=check.measured,
        unit=check.unit,
        limit=check.limit,
        bound=check.bound or _bound(check),
        low=(check.measured or 0) - (check.margin or 0) if known else None,
        high=(check.measured or 0) + (check.margin or 0) if known else None,
        detail=check.detail,
    )


def _bound(check: CheckResult) -> Bound | None:
    """Of an earlier build's report: what passed below its limit has one from above, what failed there from below."""
    if check.measured is None or check.limit is None or check.measured == check.limit:
        return None
    if check.verdict == "inconclusive":
        return None
    return "at most" if (check.measured < check.limit) == (check.verdict == "passed") else "at least"


renderer = Renderer("staging_report", StagingReport, show)
