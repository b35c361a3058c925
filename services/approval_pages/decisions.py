"""POST: a signed-in person decides. What is sent is a claim with a proof; control settles it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.approval_pages.answer import Answer, message, see_other
from services.approval_pages.desk import Desk
from services.approval_pages.eligibility import Decider, address, ask_to_sign_in, open_approval, status_address
from services.approval_pages.person import Person
from shared.approvals import Approval
from shared.approvals.quorum import why_not_delegated
from shared.events import ApprovalDecided, DelegationRequested, Envelope, derive_id
from shared.events.decision_statement import decision_statement
from shared.ports import Refused

SOURCE = "/sluice/approval_pages"
LONGEST_COMMENT = 2000


async def submit(
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

    `form` holds `token`, `verdict`, `comment`, `package`, `evidence`, the guard's `form`, and `delegate` when it is
    passed on. Raises `Unavailable`.
    """
    token = form.get("token", "")
    if person is None:
        return ask_to_sign_in(desk, approval_id, token)
    if not desk.guard.holds(cookies, form.get("form", ""), person.address, approval_id, secure=secure):
        text = "For your safety a decision is only taken from a page that you opened yourself. Please open it again."
        return message(403, "This page is out of date", text, *_back(approval_id, token))
    found = await open_approval(desk, approval_id, token, now)
    if isinstance(found, Answer):
        return found
    decider = Decider.of(found, person)
    return _does_not_count(desk, decider, form, now) or await _send(desk, decider, form, token, now)


def _does_not_count(desk: Desk, decider: Decider, form: Mapping[str, str], now: datetime) -> Answer | None:
    approval = decider.approval
    if approval.status != "open":
        by = f" by {approval.decided_by}" if approval.decided_by else ""
        return message(409, f"Already {approval.status}", f"This request is already {approval.status}{by}.")
    if (form.get("package"), form.get("evidence")) != (approval.subject, approval.evidence or ""):
        return message(409, "This has changed", "What you saw is not what is asked now. Please open the link again.")
    if form.get("verdict") not in ("approve", "reject", "delegate"):
        return message(400, "Please choose", "A decision is either to approve, to reject, or to pass it on.")
    if len(_comment(form)) > LONGEST_COMMENT:
        return message(400, "The comment is too long", f"At most {LONGEST_COMMENT:,} characters are kept.")
    if problem := decider.why_not(now):
        return message(403, "You cannot decide this", problem)
    return _does_not_help(desk, decider, form)


def _does_not_help(desk: Desk, decider: Decider, form: Mapping[str, str]) -> Answer | None:
    approval, person = decider.approval, decider.person
    back = _back(approval.id, form.get("token", ""))
    if form["verdict"] == "approve" and (problem := decider.why_not_approve):
        return message(409, "This is not needed", problem)
    if form["verdict"] != "delegate":
        return None
    delegate = form.get("delegate", "").strip()
    problem = why_not_delegated(approval, person.address, person.personas, delegate)
    if not problem and "@" not in delegate and delegate not in desk.personas:
        problem = f"{delegate} is no persona here; there are {', '.join(desk.personas)}"
    return message(400, "That cannot be passed on like this", f"{_sentence(problem)}", *back) if problem else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


async def _send(desk: Desk, decider: Decider, form: Mapping[str, str], token: str, now: datetime) -> Answer:
    approval, claim = decider.approval, _claim(decider, form)
    proven = claim.model_copy(update={"proof": desk.links.proof(token, decision_statement(claim))})
    try:
        await desk.publisher.publish("decisions", [_envelope(proven, approval, now)])
    except Refused:
        text = "Your decision could not be taken; nothing was decided. Please tell whoever runs this system."
        return message(500, "That did not work", text, *_back(approval.id, token))
    return see_other(status_address(approval.id, form["verdict"], approval.revision))


def _claim(decider: Decider, form: Mapping[str, str]) -> ApprovalDecided | DelegationRequested:
    approval, person = decider.approval, decider.person
    said: dict[str, Any] = {
        "approval_id": approval.id,
        "scope": approval.scope,
        "persona": decider.claimed,
        "comment": _comment(form),
        "package": approval.subject,
        "evidence": approval.evidence,
        "proof": "",
    }
    if form["verdict"] == "delegate":
        return DelegationRequested(
            **said, delegator=person.address, delegator_id=person.object_id, delegate=form["delegate"].strip()
        )
    return ApprovalDecided(**said, approver=person.address, approver_id=person.object_id, verdict=form["verdict"])


def _comment(form: Mapping[str, str]) -> str:
    """Browsers send a line's end as two characters, but count it as one."""
    return form.get("comment", "").replace("\r\n", "\n").strip()


def _envelope(
    decided: ApprovalDecided | DelegationRequested, approval: Approval, now: datetime
) -> Envelope[ApprovalDecided | DelegationRequested]:
    """Derived from who decided what on which state of it: a second click, or a form sent again, is the same event."""
    who, what = (
        (decided.approver, decided.verdict)
        if isinstance(decided, ApprovalDecided)
        else (decided.delegator, f"delegate {decided.delegate.casefold()}")
    )
    identity = derive_id("approval_pages", decided.approval_id, str(approval.revision), who.casefold(), what)
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
