"""Decide once, record it, perform it: how an event becomes effects and the next event."""

from shared.reactor.dead_letters import DeadLetters
from shared.reactor.deadlines import ring
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
from shared.reactor.folding import Folding
from shared.reactor.reactor import Handled, Patience, Reactor, Undeclared
from shared.reactor.recording import is_intact, read_effect
from shared.reactor.service import Decision, Facts, Fold, FoldResult, Known, Reaction, Service, State
from shared.reactor.streams import Gaps, Streams
from shared.reactor.translating import Translating
from shared.reactor.wiring import Unwired, Wiring
