"""What a page shows of an approval, in words and rounded numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from shared.approvals import Approval
from shared.approvals.quorum import missing
from shared.events import CheckResult, PackageRef
from shared.packages import StagingReport
from shared.ports import Evidence, Refused

_WORDS = {"passed": "passed", "failed": "failed", "inconclusive": "not conclusive"}


class Unshowable(Exception):
    """The evidence is not what it was, or not a report: nobody may be asked to approve on it."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    name: str
    verdict: str
    verdict_words: str
    measured: str
    limit: str
    detail: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """The staging report; failed checks come first, then the inconclusive ones."""

    verdict: str
    verdict_words: str
    reason: str
    champion: str
    rows: str
    checks: tuple[CheckRow, ...]


async def evidence_view(approval: Approval, evidence: Evidence) -> EvidenceView | None:
    """None for an approval without evidence. Raises `Unshowable` or `Unavailable`."""
    if approval.evidence is None:
        return None
    try:
        report = StagingReport.model_validate_json(await evidence.read(approval.evidence))
    except Refused as error:
        raise Unshowable(str(error)) from error
    except ValidationError as error:
        raise Unshowable("it is not a staging report") from error
    if report.candidate != approval.candidate:
        raise Unshowable("it is about another model")
    return _view(report)


def _view(report: StagingReport) -> EvidenceView:
    order = ("failed", "inconclusive", "passed")
    checks = sorted(report.checks, key=lambda check: order.index(check.verdict))
    return EvidenceView(
        verdict=report.verdict,
        verdict_words=_WORDS[report.verdict],
        reason=report.reason,
        champion=package_words(report.champion) if report.champion else "none: nothing serves this endpoint yet",
        rows=_rows(report),
        checks=tuple(_row(check) for check in checks),
    )


def _rows(report: StagingReport) -> str:
    if not report.rows:
        return "no labelled production rows"
    span = ""
    if report.first_row and report.last_row:
        span = f" of {report.first_row:%Y-%m-%d} to {report.last_row:%Y-%m-%d}"
    return f"{report.rows:,} labelled production rows{span}"


def _row(check: CheckResult) -> CheckRow:
    return CheckRow(
        name=check.name.replace("_", " "),
        verdict=check.verdict,
        verdict_words=_WORDS[check.verdict],
        measured=number(check.measured, check.unit),
        limit=number(check.limit, check.unit),
        detail=check.detail,
    )


def number(value: float | None, unit: str) -> str:
    """Four significant digits, large numbers grouped; a dash where there is none."""
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return f"{text} {unit}".strip()


def package_words(package: PackageRef) -> str:
    """Model and version, with enough of the digest to compare by eye."""
    return f"{package.model} ({package.digest[:12]})"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%A, %d %B %Y, %H:%M} UTC"


def says(approval: Approval) -> tuple[str, ...]:
    """Who has approved so far, each in one line."""
    return tuple(
        f"{say.approver} ({say.persona}{f', for {say.on_behalf_of}' if say.on_behalf_of else ''})"
        for say in approval.says
    )


def waited_for(approval: Approval) -> str:
    """Who else must approve, in words; seats that are alike are counted."""
    seats = [" or ".join(seat.personas) for seat in missing(approval, approval.says)]
    counted = {seat: seats.count(seat) for seat in seats}
    return ", ".join(
        f"{count} \N{MULTIPLICATION SIGN} {seat}" if count > 1 else seat for seat, count in counted.items()
    )
