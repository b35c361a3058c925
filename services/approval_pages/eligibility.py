"""Who may do what with an approval: what both doors ask, the page that offers it and the one that takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from services.approval_pages.answer import Answer, message
from services.approval_pages.desk import Desk
from services.approval_pages.person import Person
from services.approval_pages.view import waited_for
from shared.approvals import Approval, Say
from shared.approvals.quorum import claimed, counts, has_asked, has_said, same, standing, why_excluded
from shared.ports import Refused


@dataclass(frozen=True, slots=True)
class Decider:
    """A signed-in person in front of an approval, and as whom they may decide it; `say` is None if not at all."""

    approval: Approval
    person: Person
    say: Say | None

    @classmethod
    def of(cls, approval: Approval, person: Person) -> "Decider":
        return cls(approval, person, standing(approval, person.address, person.personas))

    def why_not(self, now: datetime) -> str:
        """Why this person cannot decide this now; empty if they can."""
        if now >= self.approval.expires_at:
            return "This request has expired."
        if excluded := why_excluded(self.approval, self.person.address, self.person.object_id):
            own = "You asked for this yourself, so somebody else decides."
            return own if "own request" in excluded else f"You cannot decide this: {excluded}."
        given = next((each for each in self.approval.delegations if same(each.delegator, self.person.address)), None)
        if given:
            return f"You passed this on to {given.delegate}, who decides in your place."
        if self.say is None:
            return f"This is decided by: {', '.join(self.approval.personas)}. You may read it, but not decide."
        return ""

    @property
    def why_not_approve(self) -> str:
        """Why one more approval by this person would not help; they may still reject."""
        if self._has_said:
            return f"You have approved this. Still waited for: {waited_for(self.approval)}."
        if self.say is None or not counts(self.approval, self.say):
            return f"Enough people of your role have approved. Still waited for: {waited_for(self.approval)}."
        return ""

    @property
    def may_pass_on(self) -> bool:
        """Whether the form for it is offered; whom they name is looked at when they send it."""
        return self.say is not None and not self.say.on_behalf_of and not self._has_said

    @property
    def may_read_evidence(self) -> bool:
        """Without the link: whoever may decide, has decided, or asked; how it stands is shown to all who sign in."""
        asked = has_asked(self.approval, self.person.address, self.person.object_id)
        return asked or self._has_said or bool({*self.approval.personas} & {*self.person.personas})

    @property
    def claimed(self) -> str:
        """The persona that control must find them by."""
        return claimed(self.approval, self.say, self.person.personas) if self.say else ""

    @property
    def _has_said(self) -> bool:
        return has_said(self.approval, self.person.address, self.person.object_id)


async def open_approval(desk: Desk, approval_id: str, token: str, now: datetime) -> Approval | Answer:
    """The approval that this link leads to, or the page that says why there is none. Raises `Unavailable`."""
    if refusal := check_link(desk, token, approval_id, now):
        return refusal
    return await look_up(desk, approval_id)


async def look_up(desk: Desk, approval_id: str) -> Approval | Answer:
    """How it stands is shown without a link, too. Raises `Unavailable`."""
    try:
        return await desk.approvals.get(approval_id)
    except Refused:
        return message(404, "No such request", "There is no request for approval at this address.")


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
        text = "Whoever asked can ask again; a new link will be sent then."
        return message(410, "This link has expired", text, address(approval_id, {}), "See how it ended")
    if isinstance(link, str) or link.approval_id != approval_id:
        return message(403, "This link is not valid", "Please open the link exactly as it was sent to you.")
    return None


def address(approval_id: str, query: Mapping[str, str | int]) -> str:
    path = f"/approvals/{quote(approval_id, safe='')}"
    return f"{path}?{urlencode(query)}" if query else path


def status_address(approval_id: str, sent: str, seen: int) -> str:
    """`seen` is the revision that was decided on: a later one shows that the decision has been noted."""
    return address(approval_id, {"sent": sent, **({"seen": seen} if seen else {})})
