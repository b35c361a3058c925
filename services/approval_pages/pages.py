"""GET: what a person sees. Nothing here decides anything, however often a mail scanner fetches it."""

from collections.abc import Mapping
from datetime import datetime

from services.approval_pages.answer import Answer, message, render, with_cookie
from services.approval_pages.consequences import next_steps, outcome
from services.approval_pages.desk import Desk
from services.approval_pages.eligibility import (
    Decider,
    address,
    ask_to_sign_in,
    look_up,
    open_approval,
    status_address,
)
from services.approval_pages.evidence import EvidenceView, Unshowable, evidence_of
from services.approval_pages.person import Person
from services.approval_pages.values import package_words, plain, when
from services.approval_pages.view import excluded, progress, says, waited_for
from shared.approvals import Approval

_LONGEST_NUMBER = 6
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

    `query` may hold `token`, and after a decision `sent` and `seen`. Raises `Unavailable`.
    """
    token = query.get("token", "")
    if person is None:
        return ask_to_sign_in(desk, approval_id, token)
    found = await (open_approval(desk, approval_id, token, now) if token else look_up(desk, approval_id))
    if isinstance(found, Answer):
        return found
    decider = Decider.of(found, person)
    if not token or found.status != "open":
        return await _status_page(desk, decider, query, now)
    return await _open_page(desk, decider, token, cookies, now, secure=secure)


def not_to_be_had(retry: str = "") -> Answer:
    """503: storage or hub cannot be reached."""
    text = "Something we need cannot be reached at the moment. Nothing was decided; please try again in a minute."
    return message(503, "Not available right now", text, retry, "Try again" if retry else "")


async def _open_page(desk: Desk, decider: Decider, token: str, cookies: str, now: datetime, *, secure: bool) -> Answer:
    approval, person = decider.approval, decider.person
    shown, problem = await _evidence(desk, approval)
    problem = f"{problem} So this cannot be decided." if problem else decider.why_not(now)
    cookie, field = desk.guard.issue(cookies, person.address, approval.id, secure=secure)
    offered = {
        "problem": problem,
        "not_approve": "" if problem else decider.why_not_approve,
        "personas": desk.personas if not problem and decider.may_pass_on else None,
        "next": next_steps(approval, None if problem or decider.why_not_approve else decider.say, now),
        "action": address(approval.id, {}),
        "token": token,
        "form": field,
    }
    answer = render(200, "approval.html", **_values(decider, shown, now), **offered)
    return with_cookie(answer, cookie)


async def _evidence(desk: Desk, approval: Approval) -> tuple[EvidenceView | None, str]:
    """What is shown of it, and what keeps it from being shown. Raises `Unavailable`."""
    try:
        return await evidence_of(approval, desk.evidence), ""
    except Unshowable as error:
        return None, f"The evidence cannot be shown ({error})."


def _values(decider: Decider, shown: EvidenceView | None, now: datetime) -> dict[str, object]:
    approval = decider.approval
    return {
        "approval": approval,
        "candidate": package_words(approval.candidate) if approval.candidate else "",
        "evidence": shown,
        "excluded": excluded(approval),
        "expires": when(approval.expires_at, now),
        "opened": when(approval.opened_at, now),
        "person": decider.person,
        "progress": progress(approval),
        "said": says(approval),
        "would": tuple(map(_step, approval.action.would)) if approval.action else (),
    }


def _step(would: str) -> str:
    """`submit_job` is `submit job`, `publish mlops.retraining.started` says what is announced."""
    kind, _, event = would.partition(" mlops.")
    return f"announce: {event.replace('.', ' ').replace('_', ' ')}" if kind == "publish" else plain(would)


async def _status_page(desk: Desk, decider: Decider, query: Mapping[str, str], now: datetime) -> Answer:
    """How it stands or ended, with its evidence for those whom it concerns. Control has the last word."""
    approval = decider.approval
    shown, problem = None, ""
    if query.get("token") or decider.may_read_evidence:
        shown, problem = await _evidence(desk, approval)
    heading, text, again = _status(approval, query)
    settled = when(approval.settled_at, now) if approval.settled_at else None
    return render(
        200, "status.html", **_values(decider, shown, now), heading=heading, text=text, again=again, settled=settled,
        problem=problem,
    )  # fmt: skip


def _status(approval: Approval, query: Mapping[str, str]) -> tuple[str, str, str]:
    """Heading, words, and the address to look again at while something is on its way."""
    if approval.status != "open":
        return f"This request is {approval.status}", outcome(approval), ""
    sent, seen = query.get("sent", ""), _number(query.get("seen", ""))
    if sent not in _SENT_WORDS:
        return "This request is open", "To decide it, open the link that was sent to you.", ""
    if approval.revision > seen:
        return "This request is open", f"It is noted. Still waited for: {waited_for(approval)}.", ""
    text = "It is being checked, which takes some seconds. It may also be refused: look again to see what became of it."
    return f"{_SENT_WORDS[sent]} was sent", text, status_address(approval.id, sent, seen)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0
