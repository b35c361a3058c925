"""Any order of anything that can happen to a candidate in staging."""

from hypothesis import given
from hypothesis import strategies as st

from services.staging.policy import (
    ChampionKnown,
    Staging,
    decide_after_failure,
    decide_job,
    decide_start,
)
from shared.reactor import Known, Publish, RemindAt
from tests.support.builders import (
    facts,
)
from tests.unit.services.staging.test_policy import JOB, POLICY, REQUEST, ended, failed, job_ended, look, report

MOVES = st.sampled_from(["request", "end", "look", "failure"])
JOB_STATES = st.sampled_from(["absent", "running", "completed", "failed", "canceled", "not_responding"])


@given(st.lists(st.tuples(MOVES, JOB_STATES), max_size=12))
def test_whatever_happens_there_is_one_verdict_a_run_and_a_running_one_always_looks_again(
    moves: list[tuple[str, str]],
) -> None:
    state, runs, verdicts = Staging(), 0, 0
    for place, (move, job_state) in enumerate(moves):
        job = state.watch.job if state.watch else JOB
        known = facts(ended(state=job_state, report=report()), event_id=str(place))
        if move == "request":
            decision = decide_start(state, facts(ChampionKnown(), event_id=str(place)), REQUEST, POLICY)
        elif move == "end":
            decision = decide_job(state, known, job_ended(job), POLICY)
        elif move == "look":
            decision = decide_job(state, known, look(), POLICY)
        else:
            failure = failed("publish", decision=state.decision)
            decision = decide_after_failure(state, facts(Known(), event_id=str(place)), failure, POLICY)
        kinds = [effect.event.type for effect in decision.effects if isinstance(effect, Publish)]
        runs += kinds.count("mlops.staging.started")
        verdicts += sum(kind != "mlops.staging.started" for kind in kinds)
        state = decision.state
        if state.status == "running" and decision.effects:
            assert any(isinstance(effect, RemindAt) for effect in decision.effects)
        assert verdicts == runs - (state.status == "running")
