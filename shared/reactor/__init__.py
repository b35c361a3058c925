"""Decide once, record it, perform it: how an event becomes effects and the next event."""

from shared.reactor.effects import (
    Effect,
    KeepEvidence,
    Occasion,
    Publish,
    RemindAt,
    SendNotice,
    SubmitJob,
    chain_tags,
    job_name,
)
from shared.reactor.service import Decision, Facts, Fold, FoldResult, Known, Reaction, Service, State
