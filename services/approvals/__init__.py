"""Approvals (box 7, R041, N9): the question to a person, from asking to settling.

Reacts to: `StagingPassed`, `StagingInconclusive`, `StagingFailed`, `ApprovalDecided` (hub `decisions`), its deadlines,
its own failed or superseded actions.
Emits: `ApprovalRequested`, then one of `ApprovalGranted`, `-Rejected`, `-Expired`, `-Superseded`; `ApprovalRefused` for
every decision that does not count.
Reads: the proof that a decision must carry, computed anew.
Does: opens and settles the approval that the gateway shows, mints links and sends them to the personas, reminds once.
"""

from services.approvals.reactions import service
