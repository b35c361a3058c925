"""Batch (R042): a file that arrived in container `batch-in` is scored by a job, with the package that serves now.

Reacts to: `BatchRequested`, `JobEnded` of its own jobs, its deadlines, its own failed actions.
Emits: `BatchStarted`, then one of `BatchCompleted`, `BatchFailed`.
Reads: the blob itself, the serving manifest, the job in Azure ML, the report it left in evidence.
Does: keeps the request as evidence, starts the job, starts another that goes on where one broke off, cancels what
takes too long or is about a file that was replaced.
"""

from services.batch.reactions import service

__all__ = ["service"]
