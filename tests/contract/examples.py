"""Things to store, in the shapes of the catalogue."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.approvals import Approval
from shared.events import EndpointRef, Entity, Envelope, JobRef, ModelRef, ModelRegistered, PackageRef
from shared.ports import Entry, Lease, Waiting

WORKSPACE = (
    "/subscriptions/5ec0de00-0000-4000-8000-000000000001/resourcegroups/sluice"
    "/providers/microsoft.machinelearningservices/workspaces/production"
)
FOREIGN = WORKSPACE.replace("production", "elsewhere")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
# Before and after everything that a store writes, whatever its clock says.
LONG_AGO, FAR_AHEAD = datetime(1999, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
MODEL = ModelRef(workspace=WORKSPACE, name="flights", version="3")
ENDPOINT = EndpointRef(workspace=WORKSPACE, name="flights")
PACKAGE = PackageRef(model=MODEL, digest="ab" * 32)
JOB = JobRef(workspace=WORKSPACE, name="staging-1")
ENTITY = MODEL.entity
LEASE = Lease("instance-1", timedelta(seconds=30))


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def envelope(id: str = "event-1", model: str = "flights", **tags: str) -> Envelope[ModelRegistered]:
    fact = ModelRegistered(model=ModelRef(workspace=WORKSPACE, name=model, version="3"), tags=tags)
    return Envelope.first(fact, id=id, source="/test", time=NOON)


def long(characters: int) -> dict[str, str]:
    """Tags for `envelope` that make it about this long: each of them is as long as a text may be."""
    return {f"tag-{index}": "x" * 8000 for index in range(characters // 8000 + 1)}


def entry(event_id: str = "event-1", position: int = 1, **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "service": "staging",
        "entity": ENTITY,
        "event_id": event_id,
        "position": position,
        "decided_at": NOON,
        "event": {"id": event_id, "data": {"größe": 1.5}},
        "facts": {"now": NOON.isoformat(), "known": None},
        "policy": "cd" * 32,
        "state": {"seen": position},
        "effects": [{"kind": "publish", "version": 1, "data": {}}],
        "previous": f"hash-{position - 1}",
        "hash": f"hash-{position}",
    }
    return Entry(**{**values, **changes})


def waiting(event_id: str = "event-1", due: datetime = NOON, entity: Entity = ENTITY, **changes: Any) -> Waiting:
    values: dict[str, Any] = {"event": {"id": event_id}, "since": NOON, "attempts": 1, "reason": "down"}
    return Waiting(service="staging", entity=entity, event_id=event_id, due=due, **{**values, **changes})


def approval(id: str = "approval-1", **changes: Any) -> Approval:
    values: dict[str, Any] = {
        "endpoint": ENDPOINT,
        "candidate": PACKAGE,
        "evidence": None,
        "title": "Promote flights:3?",
        "summary": "12 of 12 checks passed.",
        "requested_by": "dana@example.com",
        "personas": ("model-tester",),
        "opened_at": NOON,
        "expires_at": minutes(60),
    }
    return Approval(id=id, **{**values, **changes})
