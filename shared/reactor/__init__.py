"""Decide once, record it, perform it: how an event becomes effects and the next event."""

from shared.reactor.breaker import Breaker, Tolerance
from shared.reactor.catching_up import CatchingUp, NotCaughtUp, Reader
from shared.reactor.dead_letters import DeadLetters
from shared.reactor.deadlines import ring
from shared.reactor.deciding import Undeclared
from shared.reactor.effects import (
    CancelJob,
    Effect,
    KeepEvidence,
    Occasion,
    Publish,
    RemindAt,
    SendNotice,
    SubmitJob,
    chain_tags,
    in_words,
    job_name,
)
from shared.reactor.fold_failures import FoldFailures
from shared.reactor.folding import Folding, folded_states
from shared.reactor.hub_log import HubLog
from shared.reactor.job_reports import ask_after, state_of
from shared.reactor.job_watch import Ended, GivenUp, JobKnown, JobWatch, Waits, Watching, is_asked, lost_after
from shared.reactor.lanes import Lane, Lanes, lanes_of, readers_of
from shared.reactor.overruns import Overruns
from shared.reactor.patience import GATHER, Handled, Patience
from shared.reactor.policy_reading import findings_in, policy_in
from shared.reactor.policy_record import PolicyRecord
from shared.reactor.reactor import Reactor
from shared.reactor.reading import Reading, Slice, Stretch
from shared.reactor.recording import is_intact, read_effect
from shared.reactor.releasing import ReleaseAction, StaleRelease, release_id, what_is_left
from shared.reactor.runtime import Runtime
from shared.reactor.service import Decision, Facts, Fold, FoldResult, Known, Reaction, Row, Service, State
from shared.reactor.stalls import Stalls
from shared.reactor.translating import Translating
from shared.reactor.wiring import Unwired, Wiring
