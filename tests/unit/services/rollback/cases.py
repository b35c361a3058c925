"""One endpoint whose newest version is bad, and what may be asked about it."""

from datetime import timedelta
from typing import Any

from services.rollback.policy import (
    LOOK,
    decide_look,
    decide_ordered,
    decide_requested,
)
from services.rollback.policy.state import Live, Ordered, Rollback, Serving
from shared.events import (
    DeadlineReached,
    Event,
    GoldenProof,
    PackageRef,
    RollbackOrdered,
    RollbackRequested,
    VersionReport,
)
from shared.packages import Rehearsal
from shared.ports import Instance, Manifest, Route
from shared.reactor import Decision, Publish, RemindAt
from shared.serving import SwapManifest
from tests.support.builders import CAUSE, NOW, digest, endpoint_ref, facts, package_ref, policy_document

POLICY = policy_document(rollback={"complete_within_s": 60, "look_every_s": 2})
ENDPOINT = endpoint_ref()
OLD, BAD = Route(package=package_ref("1", "a"), profile=digest("c")), Route(package=package_ref("2", "b"))
SERVING = Manifest(endpoint=ENDPOINT, generation=5, routes=(BAD,), previous=OLD)
CANARY = Manifest(
    endpoint=ENDPOINT, generation=5, previous=OLD,
    routes=(OLD.model_copy(update={"share": 90.0}), BAD.model_copy(update={"share": 10.0})),
)  # fmt: skip
FIRST = Manifest(endpoint=ENDPOINT, generation=5, routes=(BAD,))
BACK = Manifest(endpoint=ENDPOINT, generation=6, routes=(OLD,), previous=BAD)
REQUESTED = RollbackRequested(
    endpoint=ENDPOINT, package=BAD.package, reason="too slow", generation=5, requested_by="promotion"
)
ORDERED = RollbackOrdered(endpoint=ENDPOINT, operator="petra@example.com", reason="complaints")
LOOKED = DeadlineReached(service="rollback", about=str(ENDPOINT.entity), key=LOOK, at=NOW)
REHEARSAL = Rehearsal(package=OLD.package, rows=50, distance=1e-7, outputs=digest("e"), restore_s=1.5)
WAITING = Rollback(
    status="waiting", package=BAD.package, route=OLD, generation=6, reason="too slow", requested_by="promotion",
    started_at=NOW, decision=CAUSE, rehearsal=REHEARSAL, withdrawn=(BAD.package.digest,),
)  # fmt: skip
DONE = WAITING.at_rest
AGAIN = RemindAt(about=LOOK, at=NOW + timedelta(seconds=2))


def known(manifest: Manifest, *, rehearsed: bool = True) -> Serving:
    return Serving(manifest=manifest, rehearsals={BAD.package.digest: REHEARSAL} if rehearsed else {})


def requested(manifest: Manifest = SERVING, state: Rollback | None = None, **changed: Any) -> Decision[Rollback]:
    event = REQUESTED.model_copy(update=changed)
    return decide_requested(state or Rollback(), facts(known(manifest)), event, POLICY)


def ordered(manifest: Manifest = SERVING, state: Rollback | None = None, forged: str = "") -> Decision[Rollback]:
    return decide_ordered(state or Rollback(), facts(Ordered(**dict(known(manifest)), forged=forged)), ORDERED, POLICY)


def proved(
    generation: int = 6, *, at: int = 6, distance: float = 1e-7, failed: int = 0, package: PackageRef = OLD.package
) -> Instance:
    proof = GoldenProof(generation=at, rows=50, distance=distance, outputs=digest("e"))
    return Instance(
        generation=generation, at=NOW, failed=failed, why="digest differs" if failed else "",
        versions={package.digest: VersionReport(package=package, requests=0, rows=0, golden=proof)},
    )  # fmt: skip


def look(
    instances: dict[str, Instance],
    *,
    manifest: Manifest = BACK,
    state: Rollback = WAITING,
    after: timedelta = timedelta(),
) -> Decision[Rollback]:
    return decide_look(state, facts(Live(manifest=manifest, instances=instances), after=after), LOOKED, POLICY)


def said(decision: Decision[Rollback]) -> list[Event]:
    return [effect.event for effect in decision.effects if isinstance(effect, Publish)]


def swapped(decision: Decision[Rollback]) -> Manifest | None:
    return next((effect.manifest for effect in decision.effects if isinstance(effect, SwapManifest)), None)
