"""Approvals (box 7, R041, N9): the question to a person, from asking to settling.

Reacts to: `StagingPassed`, `StagingInconclusive`, `StagingFailed`, `ActionProposed`; `ApprovalDecided` and
`DelegationRequested` (hub `decisions`); its deadlines, its own failed or superseded actions.
Emits: `ApprovalRequested`, then one of `ApprovalGranted`, `-Rejected`, `-Expired`, `-Superseded`; for an action
`ActionReleased`, `ActionApproved` (where the service is to be told) or `ActionDeclined`; `ApprovalEndorsed`,
`-Delegated` and `-Escalated` on the way there; and `ApprovalRefused` for every decision that does not count.
Reads: the proof that a decision must carry, computed anew.
Does: opens, changes and settles the approval that the gateway shows, mints links and sends them to the personas.
"""

from services.approvals.reactions import service
