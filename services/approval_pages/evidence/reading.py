"""From the digest that an approval names to what its page shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.approval_pages.evidence.kinds import staging_report
from services.approval_pages.evidence.registry import show
from services.approval_pages.evidence.showing import Shown
from shared.approvals import Approval, Exhibit, Exhibits
from shared.events import PackageRef
from shared.packages import StagingReport
from shared.ports import Evidence, Refused


class Unshowable(Exception):
    """The evidence is not what it was, or not of this question: nobody may be asked to approve on it."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """`because` of which it is asked, and in detail what `would` be done."""

    because: tuple[Shown, ...]
    would: tuple[Shown, ...] = ()


async def evidence_of(approval: Approval, evidence: Evidence) -> EvidenceView | None:
    """None for an approval without evidence. Raises `Unshowable` or `Unavailable`."""
    if approval.evidence is None:
        return None
    try:
        body = json.loads(await evidence.read(approval.evidence))
    except Refused as error:
        raise Unshowable(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Unshowable("it is no evidence") from error
    if approval.candidate is not None:
        return EvidenceView((show(_of_candidate(body, approval.candidate)),))
    exhibits = _exhibits(body)
    return EvidenceView(tuple(map(show, exhibits.because)), tuple(map(show, exhibits.would)))


def _of_candidate(body: Any, candidate: PackageRef) -> Exhibit:
    try:
        report = StagingReport.model_validate(body)
    except ValidationError as error:
        raise Unshowable("it is not a staging report") from error
    if report.candidate != candidate:
        raise Unshowable("it is about another model")
    return Exhibit(kind=staging_report.renderer.kind, data=body)


def _exhibits(body: Any) -> Exhibits:
    """A body without kinds is shown as it is."""
    if isinstance(body, Mapping) and "because" not in body:
        return Exhibits(because=(Exhibit(kind="evidence", data=body),))
    try:
        return Exhibits.model_validate(body)
    except ValidationError as error:
        raise Unshowable("it is no evidence") from error
