"""Staging (boxes 5 and 6, R033-R040, E2, E3): the scenario's suite, run as one job in the staging workspace.

Reacts to: `StagingRequested`, `JobEnded` of its own jobs, its deadlines, its own failed or superseded actions.
Emits: `StagingStarted`, then one of `StagingPassed`, `StagingFailed`, `StagingInconclusive`.
Reads: the serving manifest (who is champion), the job in Azure ML, the report it left in evidence.
Does: keeps the request as evidence, starts the job, looks after it again and again, cancels what takes too long.
"""

from services.staging.reactions import service
