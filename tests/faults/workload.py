"""What the control process has to do meanwhile: the whole loop for one endpoint after another, many at once.

A registered model goes through staging, a person's approval and promotion. Then two things go on side by side. A second
version goes the same way in canary steps, fails in the second of them and is rolled back. And the rows that are scored
have drifted, so that the model is retrained; what comes of it is no valid package and is rejected.
"""

import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.identity import ManagedIdentityCredential

from shared.adapters.azure.event_hubs.publisher import EventHubPublisher
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.adapters.azure.storage.approvals import TableApprovals
from shared.adapters.azure.storage.serving import BlobServingManifests
from shared.adapters.signing.links import Ed25519LinkSigner
from shared.events import (
    ApprovalDecided,
    DriftCleared,
    EndpointRef,
    Envelope,
    Event,
    ModelRef,
    PackageRef,
    PredictionsCaptured,
    derive_id,
)
from shared.events.decision_statement import decision_statement
from shared.ports import Hub
from tests.faults.endpoints import FIRST_SHARE, SECOND_SHARE, Endpoint, workspace
from tests.faults.generations import Generations
from tests.faults.instance import Instance
from tests.faults.system import GATEWAY, System

WINDOW = timedelta(hours=1)
BLOCKS, ROWS = 4, 25
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

# Of several partitions only one gets the block that closes a window: the others' parts are waited for as long as
# `idle_s`, within which a killed host's partitions have gone to another.
_LIMITS = f"""
  staging: {{look_every_s: 1, timeout_s: 600}}
  people: {{personas: [project-lead]}}
  promotion:
    look_every_s: 1
    complete_within_s: 900
    silent_s: 60
    steps:
      - {{share: {FIRST_SHARE}, duration_s: 0, least_requests: 0}}
      - {{share: {SECOND_SHARE}, duration_s: 0, least_requests: 0}}
      - {{share: 100, duration_s: 0, least_requests: 0}}
  rollback: {{look_every_s: 1, complete_within_s: 900, silent_s: 60}}
  monitoring:
    window_s: {WINDOW.total_seconds():g}
    grace_s: 0
    idle_s: 60
    min_rows: {BLOCKS * ROWS}
    min_reference_rows: 1
    performance: false
  drift: {{breaches: 2, of: 2}}
  retraining: {{component: "training:1", look_every_s: 1, timeout_s: 900}}
  notifications:
    audiences:
      mlops.promotion.completed: [product-owner]
      mlops.rollback.completed: [product-owner]
      mlops.drift.confirmed: [data-scientist]
      mlops.retraining.started: [data-scientist]
      mlops.retraining.completed: [data-scientist]
      mlops.model.rejected: [data-scientist]
      mlops.policy.changed: []
      mlops.action.failed: [platform-support]
      mlops.action.stalled: [platform-support]
      mlops.events.lost: [platform-support]
"""


def policy(endpoints: int) -> str:
    """A policy document for so many endpoints. Every life of control reads it, so it should be short."""
    names = [f"  endpoint-{number}: {{model: model-{number}}}" for number in range(endpoints)]
    return "\n".join([f"version: 1\ndefaults:{_LIMITS}endpoints:", *names, ""])


class World:
    """Trainers who register, a person who approves, and instances that score; each fact has a derived id.

    The numbers of its endpoints begin with the system's next; what other worlds of that system left is not touched.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._publisher = EventHubPublisher(system.connections)
        self._approvals = TableApprovals(system.storage.tables)
        self.generations = Generations(BlobServingManifests(system.storage.blobs))
        self._signer = Ed25519LinkSigner(system.signing_key, GATEWAY)
        self._azure_ml = AzureMLWorkspaces([workspace("development")], ManagedIdentityCredential)
        self._decided = {_approval(notice) for notice in self._notices()}
        self.first = system.next_number
        self._reports = self._knocks = 0
        self.endpoints: dict[str, Endpoint] = {}
        self._instances: dict[str, Instance] = {}

    async def close(self) -> None:
        await self._publisher.close()
        self._azure_ml.close()

    async def prepare(self) -> None:
        """Register the training component that the policy names."""
        await self._azure_ml.call(workspace("development"), "jobs", "register the component", _create_component)

    async def launch(self) -> Endpoint:
        """A trainer registers the first version of the next endpoint's model."""
        endpoint = Endpoint(self._system.next_number)
        self._system.next_number += 1
        await self._register(endpoint, endpoint.package)
        self.endpoints[endpoint.ref.name] = endpoint
        self._instances[endpoint.ref.name] = Instance(endpoint)
        return endpoint

    async def _register(self, endpoint: Endpoint, package: PackageRef) -> None:
        version = package.model.version
        place = f"packages/{endpoint.number}/{version}"
        container = self._system.storage.blobs.get_container_client("azureml")
        for name, body in endpoint.files(version).items():
            await container.upload_blob(f"{place}/{name}", body, overwrite=True)
        path = f"azureml://datastores/workspaceblobstore/paths/{place}/"
        register = functools.partial(_register, model=package.model, path=path)
        await self._azure_ml.call(workspace("development"), "models", "register a model", register)

    async def knock(self) -> None:
        """A fact that nobody acts on: with the next event of a partition its gaps come to light."""
        self._knocks += 1
        nobody = EndpointRef(workspace=workspace("production"), name="nobody")
        cleared = DriftCleared(endpoint=nobody, package=Endpoint(0).package, signal="data")
        await self.send("events", cleared, "knock", self.first, self._knocks)

    async def act(self) -> None:
        """One round: answer every invitation that has arrived, report and score with what serves, train again."""
        for notice in self._notices():
            if notice["link"]:
                await self._decide(_approval(notice))
        for endpoint in self.endpoints.values():
            if not endpoint.done:
                await self._serve(endpoint)
            if endpoint.first_is_live and not endpoint.second_is_registered:
                await self._register(endpoint, endpoint.successor)
                endpoint.second_is_registered = True

    def _notices(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in self._system.outbox.glob("*.json")]

    async def _decide(self, approval_id: str) -> None:
        if approval_id in self._decided:
            return
        approval = await self._approvals.get(approval_id)
        decided = ApprovalDecided(
            approval_id=approval.id, scope=approval.scope, verdict="approve", approver="lea@example.com",
            persona="project-lead", package=approval.subject, evidence=approval.evidence, proof="-",
        )  # fmt: skip
        proof = self._signer.proof(approval.id, approval.expires_at, decision_statement(decided))
        await self.send("decisions", decided.model_copy(update={"proof": proof}), "decided", approval.id)
        self._decided.add(approval_id)

    async def _serve(self, endpoint: Endpoint) -> None:
        manifest = await self.generations.read(endpoint)
        if not manifest.generation:
            return
        self._reports += 1
        report = self._instances[endpoint.ref.name].report(manifest)
        await self.send("predictions", report, "report", self.first, self._reports, at=datetime.now(UTC))
        # Only then, so that what is retrained becomes the third version.
        moments = list(enumerate(_moments()))[endpoint.blocks :] if endpoint.second_is_registered else []
        for number, moment in moments:
            await self.send("predictions", _block(endpoint, number, moment), "block", endpoint.ref.name, number)
            endpoint.blocks += 1

    async def send(self, hub: Hub, event: Event, *identity: object, at: datetime = START) -> None:
        name = derive_id("tests", *(str(part) for part in identity))
        await self._publisher.publish(hub, [Envelope.first(event, id=name, source="/tests", time=at)])


def _approval(notice: Mapping[str, Any]) -> str:
    return str(notice["link"] or "").partition("/approvals/")[2].partition("?")[0]


def _moments() -> list[datetime]:
    """Two whole windows, and one block behind them that closes the second."""
    step = WINDOW / BLOCKS
    return [START + number * step for number in range(2 * BLOCKS + 1)]


def _block(endpoint: Endpoint, number: int, moment: datetime) -> PredictionsCaptured:
    """Rows far outside of what `apps/suite` says the model was trained on; the predictions have not changed."""
    return PredictionsCaptured(
        endpoint=endpoint.ref,
        package=endpoint.package,
        keys=tuple(f"{number}-{row}" for row in range(ROWS)),
        observed_at=(moment,) * ROWS,
        inputs={"distance": (1e6,) * ROWS},
        outputs={"probability": tuple(row / ROWS for row in range(ROWS))},
    )


def _register(client: Any, *, model: ModelRef, path: str) -> None:
    from azure.ai.ml.entities import Model

    tags = {"sluice-requester": "dana@example.com"}
    client.models.create_or_update(
        Model(name=model.name, version=model.version, path=path, type="custom_model", tags=tags)
    )


def _create_component(client: Any) -> None:
    """Its model is no package: the retrained model will be rejected."""
    from azure.ai.ml import Input, Output, command

    step = command(
        name="training",
        version="1",
        command='echo "${{inputs.data_from}} ${{inputs.data_until}}" > ${{outputs.model}}/model.onnx',
        environment="azureml:sluice-jobs:1",
        inputs={name: Input(type="string") for name in ("data_from", "data_until")},
        outputs={"model": Output(type="uri_folder")},
    )
    client.components.create_or_update(step.component)
