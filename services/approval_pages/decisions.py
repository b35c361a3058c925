"""POST: a signed-in person decides. What is sent is a claim with a proof; control settles it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from services.approval_pages.answer import Answer, message, see_other
from services.approval_pages.desk import Desk
from services.approval_pages.pages import address, ask_to_sign_in, check_link, no_such_approval, persona_for, why_not
from services.approval_pages.person import Person
from shared.events import ApprovalDecided, Envelope, derive_id
from shared.events.decision_statement import decision_statement
from shared.ports import Approval, Refused

SOURCE = "/sluice/approval_pages"
LONGEST_COMMENT = 2000


async def decide(
    desk: Desk,
    *,
    approval_id: str,
    form: Mapping[str, str],
    person: Person | None,
    cookies: str,
    now: datetime,
    secure: bool,
) -> Answer:
    """303 to the status page once the hub has the decision, else a page that says why it does not count.

    `form` holds `token`, `verdict`, `comment`, `package`, `evidence` and the guard's `form`. Raises `Unavailable`.
    """
    token = form.get("token", "")
    if person is None:
        return ask_to_sign_in(desk, approval_id, token)
    if not desk.guard.holds(cookies, form.get("form", ""), person.address, approval_id, secure=secure):
        text = "For your safety a decision is only taken from a page that you opened yourself. Please open it again."
        return message(403, "This page is out of date", text, *_back(approval_id, token))
    refusal = check_link(desk, token, approval_id, now)
    if refusal:
        return refusal
    try:
        approval = await desk.approvals.get(approval_id)
    except Refused:
        return no_such_approval()
    return _does_not_count(approval, form, person, now) or await _send(desk, approval, form, token, person, now)


def _does_not_count(approval: Approval, form: Mapping[str, str], person: Person, now: datetime) -> Answer | None:
    if approval.status != "open":
        by = f" by {approval.decided_by}" if approval.decided_by else ""
        return message(409, f"Already {approval.status}", f"This request is already {approval.status}{by}.")
    if (form.get("package"), form.get("evidence")) != (approval.candidate.digest, approval.evidence or ""):
        return message(409, "This has changed", "What you saw is not what is asked now. Please open the link again.")
    if form.get("verdict") not in ("approve", "reject"):
        return message(400, "Please choose", "A decision is either to approve or to reject.")
    if len(_comment(form)) > LONGEST_COMMENT:
        return message(400, "The comment is too long", f"At most {LONGEST_COMMENT:,} characters are kept.")
    problem = why_not(approval, person, now)
    return message(403, "You cannot decide this", problem) if problem else None


async def _send(
    desk: Desk, approval: Approval, form: Mapping[str, str], token: str, person: Person, now: datetime
) -> Answer:
    verdict: Literal["approve", "reject"] = "approve" if form["verdict"] == "approve" else "reject"
    claim = ApprovalDecided(
        approval_id=approval.id,
        endpoint=approval.endpoint,
        verdict=verdict,
        approver=person.address,
        persona=persona_for(approval, person) or "",
        comment=_comment(form),
        package=approval.candidate.digest,
        evidence=approval.evidence,
        proof="",
    )
    proven = claim.model_copy(update={"proof": desk.links.proof(token, decision_statement(claim))})
    try:
        await desk.publisher.publish("decisions", [_envelope(proven, approval, now)])
    except Refused:
        text = "Your decision could not be taken; nothing was decided. Please tell whoever runs this system."
        return message(500, "That did not work", text, *_back(approval.id, token))
    return see_other(address(approval.id, {"sent": verdict}))


def _comment(form: Mapping[str, str]) -> str:
    """Browsers send a line's end as two characters, but count it as one."""
    return form.get("comment", "").replace("\r\n", "\n").strip()


def _envelope(decided: ApprovalDecided, approval: Approval, now: datetime) -> Envelope[ApprovalDecided]:
    """Derived from who decided what: a second click, or a form sent again, is the same event."""
    identity = derive_id("approval_pages", decided.approval_id, decided.approver.casefold(), decided.verdict)
    return Envelope(
        id=identity,
        source=SOURCE,
        time=now,
        data=decided,
        correlation_id=approval.correlation_id or identity,
        causation_id=approval.causation_id or None,
    )


def _back(approval_id: str, token: str) -> tuple[str, str]:
    return address(approval_id, {"token": token} if token else {}), "Open it again"
