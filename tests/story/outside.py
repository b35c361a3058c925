"""What lies around the control plane: Azure ML, people with links, scoring instances and their traffic."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, get_args
from urllib.parse import parse_qs, urlsplit

from onnx import helper

from shared.events import (
    ApprovalDecided,
    CheckResult,
    Envelope,
    Event,
    GoldenProof,
    JobRef,
    ModelLoadFailed,
    ModelRef,
    PackageRef,
    PredictionsCaptured,
    RollbackOrdered,
    ServingReported,
    VersionReport,
    canonical,
    derive_id,
)
from shared.events.decision_statement import decision_statement
from shared.events.staging import Verdict
from shared.packages import Rehearsal, StagingReport, StagingRequestBody
from shared.packages.performance import PerformanceReport, PerformanceRequestBody
from shared.ports import CommandJob, JobRequest, JobState, PipelineJob, RegisteredModel
from shared.profiles import Reference
from tests.support.builders import model_ref
from tests.support.world import ENDPOINT, World

INSTANCES = ("instance-a", "instance-b")
REQUESTER, APPROVER, OPERATOR = "dana@example.com", "lea@example.com", "petra@example.com"
_CHECK = CheckResult(name="golden", verdict="passed")
_OUTPUTS = "0" * 64
_TYPICAL = [row / 2000 for row in range(2000)]
_DECILES, _REQUESTS = 10, 100

type Manner = Literal["approve", "reject", "self-approve", "forged", "wrong persona", "other package"]
MANNERS: tuple[Manner, ...] = get_args(Manner.__value__)


class AzureML:
    """Registers models, ends jobs, and says so in its own words, unless its job events are `withheld`."""

    def __init__(self, world: World, *, withheld: bool = False) -> None:
        self._world, self._withheld = world, withheld
        self._announced: set[ModelRef] = set()
        self._events = 0

    def register(self, version: str, *, usable: bool = True) -> None:
        """A person registers a model version; one that is not usable lacks its files."""
        location = f"azureml://models/{version}"
        if usable:
            self._world.packages.locations[location] = package_files(version)
        registered = RegisteredModel(model_ref(version), location, {}, REQUESTER, created_by_type="User")
        self._world.models.register(registered)
        self.announce()

    def announce(self) -> None:
        """Models that nobody has heard of yet, whoever registered them."""
        for ref, model in self._world.models.models.items():
            if ref not in self._announced:
                self._announced.add(ref)
                data = {"modelName": ref.name, "modelVersion": ref.version, "modelTags": dict(model.tags)}
                self._send("ModelRegistered", ref.workspace, data)

    def running(self) -> list[JobRef]:
        return [ref for ref in self._world.jobs.submitted if self._world.jobs.status(ref) == "running"]

    def end(self, ref: JobRef, state: JobState = "completed", verdict: Verdict = "passed") -> None:
        """The job writes what it was asked for, and ends. `verdict` is that of a staging suite."""
        request = self._world.jobs.submitted[ref]
        if state == "completed":
            self._write(request, verdict)
        self._world.jobs.end(ref, state)
        if not self._withheld:
            status = {"canceled": "Canceled", "not_responding": "NotResponding"}.get(state, state.capitalize())
            data = {"runId": ref.name, "runStatus": status, "runTags": dict(request.tags)}
            self._send("RunStatusChanged", ref.workspace, data)

    def _write(self, request: JobRequest, verdict: Verdict) -> None:
        if isinstance(request.work, PipelineJob):
            location = f"azureml://jobs/{request.ref.name}/outputs/{request.work.output}/paths/"
            self._world.packages.locations[location] = package_files(request.ref.name)
            return
        body = self._world.evidence.bodies[request.work.command.split()[-1]]
        report = self._suite(body, verdict) if _is_suite(request.work) else _performance(body)
        self._world.evidence.reports[request.ref.name] = self._keep(report)

    def _suite(self, body: bytes, verdict: Verdict) -> bytes:
        asked = StagingRequestBody.model_validate_json(body)
        reference = Reference.build(
            {"delay": _TYPICAL}, {"delay": "numeric"}, prediction=("probability", _TYPICAL), labels=None,
            package=asked.candidate.digest,
        )  # fmt: skip
        report = StagingReport(
            verdict=verdict, reason=verdict, candidate=asked.candidate, champion=asked.champion,
            endpoint=asked.endpoint, limits=asked.limits, checks=(_CHECK.model_copy(update={"verdict": verdict}),),
            rows=100, profile=self._keep(canonical(reference.to_json())), rehearsal=_rehearsal(asked.champion),
        )  # fmt: skip
        return report.model_dump_json().encode()

    def _keep(self, body: bytes) -> str:
        digest = sha256(body).hexdigest()
        self._world.evidence.bodies[digest] = body
        return digest

    def _send(self, kind: str, workspace: str, data: Mapping[str, object]) -> None:
        self._events += 1
        event = {
            "id": f"azure-{self._events}", "eventType": f"Microsoft.MachineLearningServices.{kind}", "topic": workspace,
            "subject": "", "eventTime": self._world.clock.now().isoformat(), "dataVersion": "1", "data": data,
        }  # fmt: skip
        self._world.hubs.put("inbound", json.dumps([event]).encode(), "intake", kind)


def _rehearsal(champion: PackageRef | None) -> Rehearsal | None:
    return Rehearsal(package=champion, rows=4, distance=0, outputs=_OUTPUTS, restore_s=1) if champion else None


def _is_suite(work: CommandJob) -> bool:
    return " staging " in work.command


def _performance(body: bytes) -> bytes:
    asked = PerformanceRequestBody.model_validate_json(body)
    report = PerformanceReport(
        endpoint=asked.endpoint, package=asked.package, window=asked.window, captured=20, rows=20,
        metrics={"roc_auc": 0.6}, baseline={"roc_auc": 0.8},
    )  # fmt: skip
    return report.model_dump_json().encode()


def graph_of(content: str) -> bytes:
    """The least graph that declares what the signature says, with this text in it."""
    value = helper.make_tensor_value_info
    inputs, outputs = [value("delay", 1, [None, 1])], [value("probability", 1, [None])]
    graph = helper.make_graph([], "graph", inputs, outputs, doc_string=content)
    opsets = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def package_files(content: str) -> dict[str, bytes]:
    """The smallest files that registration takes for a model package; `content` tells packages apart."""
    column = {"name": "delay", "datatype": "FP32", "kind": "numeric"}
    output = {"name": "probability", "datatype": "FP32", "shape": [-1]}
    signature = {
        "inputs": [column], "outputs": [output], "prediction": "probability", "task": "binary_classification",
        "label": "late",
    }  # fmt: skip
    table = b"PAR1" + bytes(8) + b"PAR1"
    return {
        "model.onnx": graph_of(content),
        "signature.json": json.dumps(signature).encode(),
        "reference.parquet": table,
        "golden.parquet": table,
        "metrics.json": b'{"roc_auc": 0.8}',
        "environment.yml": b"name: flights",
        "trained_until": b"2026-01-01T00:00:00Z",
    }


class People:
    """Those who got an invitation; whoever has its link can decide as long as they like, if not with success."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._orders = 0

    def links(self) -> Sequence[str]:
        return list(dict.fromkeys(notice.link for notice in self._world.notifier.sent if notice.link))

    async def decide(self, link: str, manner: Manner = "approve") -> None:
        """What the gateway sends once somebody has pressed a button, by its own rule for ids: twice is the same."""
        token = parse_qs(urlsplit(link).query)["token"][0]
        approval = await self._world.approvals.get(urlsplit(link).path.rpartition("/")[2])
        claim = ApprovalDecided(
            approval_id=approval.id,
            scope=approval.scope,
            verdict="reject" if manner == "reject" else "approve",
            approver=approval.requested_by if manner == "self-approve" else APPROVER,
            persona="model-end-user" if manner == "wrong persona" else approval.personas[0],
            package="f" * 64 if manner == "other package" else approval.subject,
            evidence=approval.evidence,
            proof="",
        )
        proof = self._world.verifier.proof(token + ("x" if manner == "forged" else ""), decision_statement(claim))
        identity = derive_id("approval_pages", approval.id, claim.approver, claim.verdict, manner)
        chain = approval.correlation_id
        decided = Envelope(
            id=identity, source="/sluice/approval_pages", time=approval.opened_at, correlation_id=chain,
            data=claim.model_copy(update={"proof": proof}), causation_id=approval.causation_id,
        )  # fmt: skip
        await self._world.hubs.publish("decisions", [decided])

    async def order_rollback(self, operator: str = OPERATOR) -> None:
        """What `sluice rollback` sends; every order is one of its own."""
        self._orders += 1
        order = RollbackOrdered(endpoint=ENDPOINT, operator=operator, reason="complaints")
        identity = derive_id("order", operator, str(self._orders))
        envelope = Envelope.first(order, id=identity, source="/sluice/operator", time=self._world.clock.now())
        await self._world.hubs.publish("decisions", [envelope])


class Scoring:
    """Instances that follow the manifest, unless they `lag`, and the rows they score.

    `slow` are versions that take a second for each answer; `requests` is how many each version answers per report.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.lagging: dict[str, int] = {}
        self.slow: set[str] = set()
        self.requests = _REQUESTS
        self._answered: Counter[tuple[str, str]] = Counter()
        self._hours = 0
        self._start: datetime = world.clock.now()

    async def lag(self, instance: str) -> None:
        """From now on this one stays with the generation it has."""
        self.lagging[instance] = (await self._world.manifest()).generation

    async def report(self, *, failing: bool = False) -> None:
        """One word from each instance: what it serves, or that it cannot load what it should serve."""
        manifest = await self._world.manifest()
        for instance in INSTANCES:
            generation = self.lagging.get(instance, manifest.generation)
            served = () if instance in self.lagging else manifest.routes
            versions = tuple(self._version(instance, route.package, generation) for route in served)
            await self._send(
                ServingReported(endpoint=ENDPOINT, instance=instance, generation=generation, versions=versions)
            )
            if failing and manifest.current:
                await self._send(ModelLoadFailed(
                    endpoint=ENDPOINT, instance=instance, package=manifest.current, generation=manifest.generation,
                    reason="bad model",
                ))  # fmt: skip

    def _version(self, instance: str, package: PackageRef, generation: int) -> VersionReport:
        """Some requests more than in the report before, with answers like those it was trained with."""
        self._answered[instance, package.digest] += self.requests
        answered = self._answered[instance, package.digest]
        bucket = "1000000" if package.model.version in self.slow else "1000"
        return VersionReport(
            package=package, requests=answered, rows=answered, latency_us={bucket: answered},
            predictions=(answered // _DECILES,) * _DECILES + (0, 0),
            golden=GoldenProof(generation=generation, rows=4, distance=0, outputs=_OUTPUTS),
        )  # fmt: skip

    async def serve(self, *, drifted: bool) -> None:
        """An hour of traffic: twenty rows, like those the model was trained on or all beyond them."""
        package = (await self._world.manifest()).current
        if package is None:
            return
        self._hours += 1
        # Replayed, as of weeks ago: a time ahead of scoring would count as the time of scoring.
        moment = self._start + timedelta(hours=self._hours) - timedelta(days=60)
        cells = tuple(9.0 if drifted else row / 20 for row in range(20))
        await self._send(PredictionsCaptured(
            endpoint=ENDPOINT, package=package, keys=tuple(f"{self._hours}-{row}" for row in range(20)),
            observed_at=(moment,) * 20, inputs={"delay": cells}, outputs={"probability": cells},
        ))  # fmt: skip

    async def _send(self, event: Event) -> None:
        identity = derive_id("scoring", str(len(self._world.hubs.rows)))
        envelope = Envelope.first(event, id=identity, source="/scoring", time=self._world.clock.now())
        await self._world.hubs.publish("predictions", [envelope])
