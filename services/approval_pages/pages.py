"""GET: what a person sees. Nothing here decides anything, however often a mail scanner fetches it."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

from services.approval_pages.answer import Answer, message, render, with_cookie
from services.approval_pages.desk import Desk
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
from shared.approvals.quorum import counts, has_said, same, standing, why_excluded
from shared.ports import Refused

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
    if token:
        refusal = check_link(desk, token, approval_id, now)
        if refusal:
            return refusal
    try:
        approval = await desk.approvals.get(approval_id)
    except Refused:
        return no_such_approval()
    if not token or approval.status != "open":
        return _status_page(approval, query)
    return await _open_page(desk, approval, token, person, cookies, now, secure=secure)


def ask_to_sign_in(desk: Desk, approval_id: str, token: str) -> Answer:
    """401, with a way back to this page."""
    back = address(approval_id, {"token": token} if token else {})
    link = f"{desk.sign_in_path}?{urlencode({'post_login_redirect_uri': back})}"
    text = "This page shows a decision that is yours to make only when we know who you are."
    return message(401, "Please sign in", text, link, "Sign in")


def check_link(desk: Desk, token: str, approval_id: str, now: datetime) -> Answer | None:
    """None when the link is good for this approval, else the page that says why not."""
    link = desk.links.verify(token, now)
    if link == "expired":
        return message(410, "This link has expired", "Whoever asked can ask again; a new link will be sent then.")
    if isinstance(link, str) or link.approval_id != approval_id:
        return message(403, "This link is not valid", "Please open the link exactly as it was sent to you.")
    return None


def no_such_approval() -> Answer:
    return message(404, "No such request", "There is no request for approval at this address.")


def not_to_be_had(retry: str = "") -> Answer:
    """503: storage or hub cannot be reached."""
    text = "Something we need cannot be reached at the moment. Nothing was decided; please try again in a minute."
    return message(503, "Not available right now", text, retry, "Try again" if retry else "")


def address(approval_id: str, query: Mapping[str, str | int]) -> str:
    path = f"/approvals/{quote(approval_id, safe='')}"
    return f"{path}?{urlencode(query)}" if query else path


async def _open_page(
    desk: Desk, approval: Approval, token: str, person: Person, cookies: str, now: datetime, *, secure: bool
) -> Answer:
    problem, shown = "", None
    try:
        shown = await evidence_view(approval, desk.evidence)
    except Unshowable as error:
        problem = f"The evidence cannot be shown ({error}), so this cannot be decided."
    problem = problem or why_not(approval, person, now)
    cookie, field = desk.guard.issue(cookies, person.address, approval.id, secure=secure)
    offered = {
        "problem": problem,
        "not_approve": "" if problem else why_not_approve(approval, person),
        "personas": desk.personas if not problem and may_pass_on(approval, person) else None,
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


def why_not(approval: Approval, person: Person, now: datetime) -> str:
    """Why this person cannot decide this now; empty if they can."""
    if now >= approval.expires_at:
        return "This request has expired."
    if why_excluded(approval, person.address, person.object_id):
        return "You asked for this yourself, so somebody else decides."
    passed_on = next((given for given in approval.delegations if same(given.delegator, person.address)), None)
    if passed_on:
        return f"You passed this on to {passed_on.delegate}, who decides in your place."
    if standing(approval, person.address, person.personas) is None:
        return f"This is decided by: {', '.join(approval.personas)}. You may read it, but not decide."
    return ""


def why_not_approve(approval: Approval, person: Person) -> str:
    """Why one more approval by this person would not help; they may still reject."""
    say = standing(approval, person.address, person.personas)
    if has_said(approval, person.address):
        return f"You have approved this. Still waited for: {waited_for(approval)}."
    if say is None or not counts(approval, say):
        return f"Enough people of your role have approved. Still waited for: {waited_for(approval)}."
    return ""


def may_pass_on(approval: Approval, person: Person) -> bool:
    """Whether the form for it is offered; whom they name is looked at when they send it."""
    say = standing(approval, person.address, person.personas)
    return say is not None and not say.on_behalf_of and not has_said(approval, person.address)


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


def status_address(approval_id: str, sent: str, seen: int, more: Mapping[str, int] | None = None) -> str:
    """`seen` is the revision that was decided on: a later one shows that the decision has been noted."""
    return address(approval_id, {"sent": sent, **({"seen": seen} if seen else {}), **(more or {})})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0


def _status(approval: Approval, heading: str, text: str, again: str = "") -> Answer:
    candidate = package_words(approval.candidate) if approval.candidate else ""
    return render(
        200, "status.html", approval=approval, candidate=candidate, heading=heading, text=text, again=again,
        says=says(approval),
    )  # fmt: skip
