"""Whoever finds a decision reads its effects out of the record, and does what whoever made it would have done."""

import json
from datetime import timedelta

import pytest

from services import deciding
from services.approvals.effects import InviteApprovers, OpenApproval, SettleApproval, ShowApproval
from services.brakes.effects import ResumeLane, SendAgain, SetBrake
from services.registration.effects import AdoptPackage, NoteRequesters
from services.retraining.effects import RegisterOutput
from shared.events import ActionReleased
from shared.ports import CommandJob, Manifest, PipelineJob, Route
from shared.reactor import CancelJob, Effect, KeepEvidence, Publish, ReleaseAction, RemindAt, SendNotice, SubmitJob
from shared.reactor.recording import read_effect, write_effect
from shared.reactor.wiring import effect_kinds
from shared.serving import SwapManifest
from tests.support.builders import NOW, digest, endpoint_ref, job_ref, model_ref, package_ref
from tests.unit.services.approvals.test_reactions import APPROVAL
from tests.unit.shared.events.examples import envelopes, example

MANIFEST = Manifest(endpoint=endpoint_ref(), generation=3, routes=(Route(package=package_ref(), share=12.5),))
EFFECTS: list[Effect] = [
    *(Publish(event=envelope.data) for envelope in envelopes() if envelope.data.carried_by == "events"),
    RemindAt(about="look", at=NOW + timedelta(microseconds=1)),
    KeepEvidence(body=bytes(range(256))),
    SubmitJob(
        job=job_ref(), work=CommandJob(command="python -m work", environment="jobs:1", compute="c"), experiment="e",
        timeout=timedelta(seconds=0.1), tags={"a": "ü"},
    ),
    SubmitJob(
        job=job_ref(), work=PipelineJob(component="train:3", compute="c", inputs={"trees": "60"}, output="model"),
        experiment="e", timeout=timedelta(days=2),
    ),
    CancelJob(job=job_ref()),
    SendNotice(audience="platform-support", title="t", text="x", severity="error", command="sluice status"),
    ReleaseAction(released=example(ActionReleased)),
    SwapManifest(manifest=MANIFEST),
    AdoptPackage(location="azureml://x", digest=digest()),
    NoteRequesters(package=digest(), requesters=("dana@example.com",)),
    OpenApproval(approval=APPROVAL),
    ShowApproval(approval=APPROVAL),
    SettleApproval(approval=APPROVAL.model_copy(update={"status": "granted"})),
    InviteApprovers(approval_id="a-1", personas=("lead",), title="t", text="x", expires_at=NOW, severity="warning"),
    SetBrake(scope="all", engaged=True, operator="petra@example.com", reason="latency", since=NOW),
    ResumeLane(lane="lifecycle"),
    SendAgain(body=digest()),
    RegisterOutput(job=job_ref(), output="model", model=model_ref()),
]  # fmt: skip


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.kind)
def test_what_is_read_back_is_what_was_decided(effect: Effect) -> None:
    assert read_effect(json.loads(json.dumps(write_effect(effect)))) == effect


def test_no_kind_is_left_out() -> None:
    deciding()
    ours = {kind for kind, effect in effect_kinds().items() if effect.__module__.startswith(("shared.", "services."))}
    assert ours - {effect.kind for effect in EFFECTS} == set()
