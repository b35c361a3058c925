"""Approvals' own effects on the world.

Neither token nor link is ever part of an effect: they are minted while performing, and go to the notifier alone.
"""

from contextlib import suppress
from datetime import datetime
from typing import ClassVar

from shared.approvals import Approval
from shared.events import AssetName, Severity
from shared.ports import Absent, Approvals, LinkSigner, Notice, Notifier, Refused
from shared.reactor import Effect, Occasion, in_words


class OpenApproval(Effect):
    """Let the gateway show it, and know which chain a decision about it goes on."""

    kind: ClassVar[str] = "open_approval"
    approval: Approval

    async def perform(self, occasion: Occasion, approvals: Approvals) -> None:
        """A repeat may come after the end: what has been settled meanwhile is not opened again."""
        with suppress(Absent):
            if (await approvals.get(self.approval.id)).opened_at >= self.approval.opened_at:
                return
        chain = {"correlation_id": occasion.cause.correlation_id, "causation_id": occasion.cause.id}
        await approvals.put(self.approval.model_copy(update=chain))


class ShowApproval(Effect):
    """Let the gateway show what has changed of an open one; what is shown already, or settled since, stays."""

    kind: ClassVar[str] = "show_approval"
    approval: Approval

    async def perform(self, approvals: Approvals) -> None:
        shown = await approvals.get(self.approval.id)
        if shown.status == "open" and shown.revision < self.approval.revision:
            chain = shown.model_dump(include={"correlation_id", "causation_id"})
            await approvals.put(self.approval.model_copy(update=chain))


class SettleApproval(Effect):
    """Let the gateway show how it ended: `approval` with its final status. The chain it was opened with stays."""

    kind: ClassVar[str] = "settle_approval"
    approval: Approval

    async def perform(self, approvals: Approvals) -> None:
        chain: dict[str, str] = {}
        with suppress(Absent):
            chain = (await approvals.get(self.approval.id)).model_dump(include={"correlation_id", "causation_id"})
        await approvals.put(self.approval.model_copy(update=chain))


class InviteApprovers(Effect):
    """Send the link to everybody of these personas; the link finds, the person decides. Version 1 had no severity."""

    kind: ClassVar[str] = "invite_approvers"
    version: ClassVar[int] = 2
    approval_id: AssetName
    personas: tuple[str, ...]
    title: str
    text: str
    expires_at: datetime
    severity: Severity = "info"

    async def perform(self, occasion: Occasion, signer: LinkSigner, notifier: Notifier) -> None:
        """A persona that cannot be told keeps nobody else from being told; it is `Refused` at the end."""
        link = signer.link(self.approval_id, self.expires_at)
        refused: list[str] = []
        for persona in self.personas:
            key = f"{occasion.key}-{persona}"
            notice = Notice(
                key=key,
                audience=persona,
                title=self.title,
                text=self.text,
                link=link,
                severity=self.severity,
                command="sluice approvals list",
                about=in_words(occasion.entity),
                at=occasion.decided_at,
            )
            try:
                await notifier.send(notice)
            except Refused as error:
                refused.append(f"{persona}: {error}")
        if refused:
            raise Refused("; ".join(refused))
