"""The way back to what served before, called done only when every live instance has proved it (F12, F13, N4).

Reacts to: `RollbackRequested`, `RollbackOrdered` (hub `decisions`), `ApprovalGranted` (which names the evidence of the
rehearsal), its deadlines, its own failed or superseded actions.
Emits: `RollbackStarted`, then one of `RollbackCompleted`, `RollbackFailed`, `RollbackSuperseded`.
Reads: the serving manifest, the live instances, the staging report of what is taken away.
Does: swaps the serving manifest.
"""

from services.rollback.reactions import service

__all__ = ["service"]
