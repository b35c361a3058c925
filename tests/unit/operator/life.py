"""A model's life in a ledger: drift of version 1 leads, through Azure ML, to version 2 being live."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.events import (
    ApprovalDecided,
    ApprovalGranted,
    DeadlineReached,
    DriftConfirmed,
    DriftMeasured,
    Envelope,
    FeatureDrift,
    JobEnded,
    ModelRegistered,
    PromotionCompleted,
    RetrainingRequested,
    StagingPassed,
    StagingRequested,
    Window,
    WindowFolded,
    derive_id,
)
from shared.reactor import Publish, RemindAt
from tests.support.builders import NOW, digest, endpoint_ref, job_ref, model_ref, package_ref
from tests.unit.operator.recorded import Recorder

WINDOW = Window(start=NOW, end=NOW + timedelta(days=7))
_LOOKS = 3


@dataclass
class Life:
    """The events that tests ask about, all recorded in `recorder.ledger`."""

    recorder: Recorder
    folded: Envelope[Any]
    requested: Envelope[Any]
    registered: Envelope[Any]
    live: Envelope[Any]


def from_azure(event: Any, name: str, cause: str, after: timedelta) -> Envelope[Any]:
    """As intake translates it: Azure's own event is its cause; our cause, and who asked, travel in the tags."""
    asked = {"sluice-service": "retraining", "sluice-entity": str(endpoint_ref().entity)}
    tagged = event.model_copy(update={"tags": {**asked, "sluice-causationid": cause} if cause else {}})
    return Envelope(
        id=derive_id("test", name), source="/sluice/intake", time=NOW + after, data=tagged, correlation_id="chain",
        causation_id=f"azure-{name}",
    )  # fmt: skip


def reminder(after: Envelope[Any], number: int, key: str = "look") -> Envelope[Any]:
    data = DeadlineReached(service="promotion", about=str(endpoint_ref().entity), key=key, at=NOW)
    identity = derive_id("deadline", after.id, key, str(number))
    return Envelope(
        id=identity, source="/sluice/deadlines", time=after.time + timedelta(seconds=1), data=data,
        correlation_id=after.correlation_id, causation_id=after.id,
    )  # fmt: skip


async def live(recorder: Recorder | None = None) -> Life:
    recorder = recorder or Recorder()
    folded, requested = await _drift(recorder)
    registered = await _retraining(recorder, requested)
    granted = await _approval(recorder, registered)
    await recorder.decide("promotion", granted, RemindAt(about="look", at=NOW), entity=endpoint_ref().entity)
    look = granted
    for number in range(_LOOKS):
        look = reminder(look, number)
        await recorder.decide("promotion", look, *([RemindAt(about="look", at=NOW)] if number < _LOOKS - 1 else []))
    look = reminder(look, _LOOKS)
    done = PromotionCompleted(endpoint=endpoint_ref(), package=package_ref("2", "b"), generation=2, instances=3)
    return Life(recorder, folded, requested, registered, await recorder.concludes("promotion", look, done))


async def _drift(recorder: Recorder) -> tuple[Envelope[Any], Envelope[Any]]:
    package = package_ref("1")
    folded = Envelope(
        id=derive_id("window"), source="/sluice/monitoring", time=NOW, correlation_id="chain", causation_id="rows",
        data=WindowFolded(
            endpoint=endpoint_ref(), package=package, window=WINDOW, partition=0, rows=9, profile=digest()
        ),
    )  # fmt: skip
    column = FeatureDrift(name="wind", psi=0.6, js=0.2, null_rate=0, reference_null_rate=0)
    measured = await recorder.concludes("monitoring", folded, DriftMeasured(
        endpoint=endpoint_ref(), package=package, window=WINDOW, rows=9, features=(column,), prediction=column,
        profile=digest(),
    ))  # fmt: skip
    confirmed = DriftConfirmed(
        endpoint=endpoint_ref(), package=package, signal="data", columns=("wind",), breaches=2, of=3, windows=(WINDOW,),
        score=0.6, limit=0.25,
    )  # fmt: skip
    request = RetrainingRequested(
        endpoint=endpoint_ref(), model_name="flights", reason="\x1b[31mdata\u202e drift</text><script>", data_until=NOW
    )
    _, requested = await recorder.decide("drift", measured, Publish(event=confirmed), Publish(event=request))
    return folded, requested


async def _retraining(recorder: Recorder, requested: Envelope[Any]) -> Envelope[Any]:
    entity = endpoint_ref().entity
    await recorder.decide("retraining", requested)
    ended = from_azure(
        JobEnded(job=job_ref("retraining-1"), status="completed"), "job", requested.id, timedelta(hours=1)
    )
    await recorder.decide("retraining", ended, entity=entity)
    return from_azure(ModelRegistered(model=model_ref("2")), "model", ended.id, timedelta(hours=2))


async def _approval(recorder: Recorder, registered: Envelope[Any]) -> Envelope[Any]:
    candidate, endpoint = package_ref("2", "b"), endpoint_ref()
    about = {"candidate": candidate, "endpoint": endpoint, "requested_by": "sluice"}
    staging = await recorder.concludes("registration", registered, StagingRequested(**about))
    passed = await recorder.concludes("staging", staging, StagingPassed(**about, reason="all 16 checks passed"))
    await recorder.decide("approvals", passed, entity=endpoint.entity)
    decided = Envelope(
        id=derive_id("decided"), source="/sluice/gateway", time=NOW + timedelta(hours=3), correlation_id="chain",
        causation_id=passed.id,
        data=ApprovalDecided(
            approval_id="a-1", scope=str(endpoint.entity), verdict="approve", approver="lea@example.com",
            persona="project-lead", package=candidate.digest, proof="p",
        ),
    )  # fmt: skip
    granted = ApprovalGranted(approval_id="a-1", endpoint=endpoint, candidate=candidate, approver="lea@example.com")
    return (await recorder.decide("approvals", decided, Publish(event=granted), entity=endpoint.entity))[0]
