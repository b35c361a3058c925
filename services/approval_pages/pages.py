"""GET: what a person sees. Nothing here decides anything, however often a mail scanner fetches it."""

from collections.abc import Mapping
from datetime import datetime

from services.approval_pages.answer import Answer, message, render, with_cookie
from services.approval_pages.desk import Desk
from services.approval_pages.eligibility import (
    Decider,
    address,
    ask_to_sign_in,
    look_up,
    open_approval,
    status_address,
)
from services.approval_pages.person import Person
from services.approval_pages.view import (
    EvidenceView,
    Unshowable,
    evidence_view,
    moment,
    package_words,
    says,
    waited_for,
)
from shared.approvals import Approval

MOST_LOOKS = 20
_LONGEST_NUMBER = 6
_STATUS_WORDS = {
    "granted": "The model is approved and goes on to production.",
    "rejected": "The model is rejected. What serves now goes on serving.",
    "expired": "Nobody decided in time. What serves now goes on serving.",
    "superseded": "Something newer has taken this request's place.",
}
_ACTION_WORDS = {
    "granted": "It is approved and is being done.",
    "rejected": "It is rejected, and is not done.",
    "expired": "Nobody decided in time, so it is not done.",
}
_SENT_WORDS = {"approve": "Your approval", "reject": "Your rejection", "delegate": "That you pass this on"}


async def page(
    desk: Desk,
    *,
    approval_id: str,
    query: Mapping[str, str],
    person: Person | None,
    cookies: str,
    now: datetime,
    secure: bool,
) -> Answer:
    """The approval and its evidence for a signed-in holder of the link; without a token, how it stands.

    `query` may hold `token`, and after a decision `sent` and `look`. Raises `Unavailable`.
    """
    token = query.get("token", "")
    if person is None:
        return ask_to_sign_in(desk, approval_id, token)
    found = await (open_approval(desk, approval_id, token, now) if token else look_up(desk, approval_id))
    if isinstance(found, Answer):
        return found
    if not token or found.status != "open":
        return _status_page(found, query)
    return await _open_page(desk, found, token, person, cookies, now, secure=secure)


def not_to_be_had(retry: str = "") -> Answer:
    """503: storage or hub cannot be reached."""
    text = "Something we need cannot be reached at the moment. Nothing was decided; please try again in a minute."
    return message(503, "Not available right now", text, retry, "Try again" if retry else "")


async def _open_page(
    desk: Desk, approval: Approval, token: str, person: Person, cookies: str, now: datetime, *, secure: bool
) -> Answer:
    problem, shown = "", None
    try:
        shown = await evidence_view(approval, desk.evidence)
    except Unshowable as error:
        problem = f"The evidence cannot be shown ({error}), so this cannot be decided."
    decider = Decider.of(approval, person)
    problem = problem or decider.why_not(now)
    cookie, field = desk.guard.issue(cookies, person.address, approval.id, secure=secure)
    offered = {
        "problem": problem,
        "not_approve": "" if problem else decider.why_not_approve,
        "personas": desk.personas if not problem and decider.may_pass_on else None,
        "token": token,
        "form": field,
    }
    answer = render(200, "approval.html", **_values(approval, shown, person), **offered)
    return with_cookie(answer, cookie)


def _values(approval: Approval, shown: EvidenceView | None, person: Person) -> dict[str, object]:
    return {
        "approval": approval,
        "candidate": package_words(approval.candidate) if approval.candidate else "",
        "evidence": shown,
        "expires": moment(approval.expires_at),
        "opened": moment(approval.opened_at),
        "person": person,
        "says": says(approval),
        "missing": waited_for(approval),
        "action": address(approval.id, {}),
    }


def _status_page(approval: Approval, query: Mapping[str, str]) -> Answer:
    """How it stands. Right after a decision it looks again by itself, for a while: control has the last word."""
    if approval.status != "open":
        words = _STATUS_WORDS if approval.candidate else {**_STATUS_WORDS, **_ACTION_WORDS}
        return _status(approval, f"This request is {approval.status}", words[approval.status])
    sent, seen = query.get("sent", ""), _number(query.get("seen", ""))
    if sent not in _SENT_WORDS:
        return _status(approval, "This request is open", "To decide it, open the link that was sent to you.")
    if approval.revision > seen:
        text = f"It is noted. Still waited for: {waited_for(approval)}."
        return _status(approval, "This request is open", text)
    look = _number(query.get("look", "")) or 1
    if look >= MOST_LOOKS:
        text = "It has not counted so far. It may have been refused, or it is still on its way: look again later."
        return _status(approval, f"{_SENT_WORDS[sent]} was sent", text)
    again = status_address(approval.id, sent, seen, {"look": look + 1})
    text = "It is being checked; this page looks again by itself."
    return _status(approval, f"{_SENT_WORDS[sent]} was sent", text, again)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0


def _status(approval: Approval, heading: str, text: str, again: str = "") -> Answer:
    candidate = package_words(approval.candidate) if approval.candidate else ""
    return render(
        200, "status.html", approval=approval, candidate=candidate, heading=heading, text=text, again=again,
        says=says(approval),
    )  # fmt: skip
