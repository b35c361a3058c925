"""Has every live instance gone back, and proved it (N4)? Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.rollback.limits import RollbackLimits
from services.rollback.policy.state import Live, Rollback
from shared.events import GoldenProof, InstanceProof, RehearsedProof, RollbackCompleted, RollbackFailed
from shared.ports import Instance


def judge(
    state: Rollback, known: Live, now: datetime, limits: RollbackLimits, tolerance: float
) -> RollbackCompleted | RollbackFailed | None:
    """None while it is waited for. `tolerance` is how far golden rows may be from what the package records."""
    instances, proofs = known.instances, _proofs(state, known.instances)
    unable = [name for name, instance in instances.items() if instance.failed == state.generation]
    if unable:
        return _failed(state, known, f"{unable[0]} cannot serve it: {instances[unable[0]].why}", unable)
    wrong = [name for name, proof in proofs.items() if proof.distance > tolerance]
    if wrong:
        apart = f"{proofs[wrong[0]].distance:.3g} from what the package records, {tolerance:g} are allowed"
        return _failed(state, known, f"the golden rows on {wrong[0]} are {apart}", wrong)
    behind = [name for name, instance in instances.items() if instance.generation < state.generation]
    unproven = [name for name in instances if state.route and name not in behind and name not in proofs]
    if instances and not behind and not unproven:
        return _completed(state, known, proofs, (now - _began(state, now)).total_seconds())
    if now - _began(state, now) > timedelta(seconds=limits.complete_within_s):
        words = _words(behind, unproven)
        return _failed(state, known, f"{words} within {limits.complete_within_s:g} s", [*behind, *unproven])
    return None


def _proofs(state: Rollback, instances: Mapping[str, Instance]) -> dict[str, GoldenProof]:
    """Those of the very switch to our generation: what an instance proved before says nothing of now."""
    digest = state.route.package.digest if state.route else ""
    found = {name: instance.proof(digest) for name, instance in instances.items()}
    return {name: proof for name, proof in found.items() if proof and proof.generation == state.generation}


def _began(state: Rollback, now: datetime) -> datetime:
    return state.started_at or now


def _words(behind: Sequence[str], unproven: Sequence[str]) -> str:
    parts = [f"{', '.join(behind)} did not follow"] if behind else []
    parts += [f"{', '.join(unproven)} did not prove it"] if unproven else []
    return " and ".join(parts) or "no scoring instance reported"


def _said(state: Rollback, known: Live) -> dict[str, Any]:
    return {
        "endpoint": known.manifest.endpoint, "package": state.package, "generation": state.generation,
        "restored": state.route.package if state.route else None, "requested_by": state.requested_by,
    }  # fmt: skip


def _failed(state: Rollback, known: Live, reason: str, behind: Sequence[str] = ()) -> RollbackFailed:
    return RollbackFailed(**_said(state, known), reason=reason, behind=tuple(behind))


def _completed(
    state: Rollback, known: Live, proofs: Mapping[str, GoldenProof], seconds: float
) -> RollbackCompleted | RollbackFailed:
    """An endpoint that nothing serves any more was not brought back to anything: a person is needed."""
    if state.route is None:
        why = f"nothing serves {known.manifest.endpoint.name} now: there is no version to go back to ({state.reason})"
        return _failed(state, known, why)
    found = tuple(
        InstanceProof(instance=name, rows=proof.rows, distance=proof.distance, outputs=proof.outputs)
        for name, proof in proofs.items()
    )
    tried = state.rehearsal
    return RollbackCompleted(
        **_said(state, known), reason=state.reason, instances=len(known.instances), seconds=round(seconds, 3),
        proofs=found, rehearsal=RehearsedProof(**tried.model_dump(exclude={"package"})) if tried else None,
    )  # fmt: skip
