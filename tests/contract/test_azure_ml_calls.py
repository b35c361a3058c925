"""What only the real client can show: the work that was sent, and what becomes of refusals and lost answers."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ManagedIdentityCredential

from shared.adapters.azure.machine_learning.jobs import AzureMLJobs
from shared.adapters.azure.machine_learning.models import AzureMLModels
from shared.adapters.azure.machine_learning.workspaces import AzureMLWorkspaces
from shared.events import JobRef, ModelRef
from shared.ports import CommandJob, Creator, JobRequest, PipelineJob, Refused, Unavailable
from tests.contract.azure_ml import WORKSPACE, reach, write_output
from tests.contract.azure_ml import Workspace as RealWorkspace
from tests.local.azure_ml.emulator_process import EmulatorProcess
from tests.support.eventually import eventually

pytestmark = pytest.mark.local_only
COMPONENT = """
type: command
name: contract_training
version: "1"
inputs: {until: {type: string}}
outputs: {model: {type: uri_folder}}
command: echo ${{inputs.until}} > ${{outputs.model}}/trained_until
environment: azureml:sluice-jobs:1
"""


def request(work: CommandJob | PipelineJob) -> JobRequest:
    ref = JobRef(workspace=WORKSPACE, name=f"contract-{uuid4().hex[:12]}")
    return JobRequest(ref, work, {"sluice-entity": "a|b|c"}, "contract", timedelta(minutes=5))


COMMAND = CommandJob("echo $SLUICE_TEST", "sluice-jobs:1", "cpu", {"SLUICE_TEST": "yes"})


def fault(server: EmulatorProcess, path: str, method: str, **effects: Any) -> None:
    server.admin("POST", "/admin/faults", [{"match": {"method": method, "path_regex": path}, **effects}])


async def test_a_command_job_has_its_variables_and_tags(workspace: RealWorkspace, emulator: EmulatorProcess) -> None:
    wanted = request(COMMAND)
    await workspace.jobs.submit(wanted)
    assert emulator.wait_for_job(wanted.ref.name)["tags"] == {"sluice-entity": "a|b|c"}
    log = emulator.folder / "data/jobs/staging" / wanted.ref.name / "user_logs/std_log.txt"
    assert "yes" in log.read_text()


async def test_a_pipeline_job_runs_the_registered_component_and_names_its_output(
    workspace: RealWorkspace, emulator: EmulatorProcess, tmp_path: Path
) -> None:
    from azure.ai.ml import load_component

    (tmp_path / "component.yml").write_text(COMPONENT)
    component = load_component(tmp_path / "component.yml")
    await workspace.clients.call(
        WORKSPACE, "jobs", "register", lambda client: client.components.create_or_update(component)
    )
    wanted = request(PipelineJob("contract_training:1", "cpu", {"until": "2026-05-01"}))
    await workspace.jobs.submit(wanted)
    ended = emulator.wait_for_job(wanted.ref.name)
    assert ended["status"] == "Completed", json.dumps(ended)
    assert ended["tags"] == {"sluice-entity": "a|b|c"}
    model = ModelRef(workspace=WORKSPACE, name=f"model-{uuid4().hex[:12]}", version="1")
    await workspace.models.register_output(wanted.ref, "model", model, {})
    assert wanted.ref.name in (await workspace.models.get(model)).location


async def test_a_job_whose_answer_was_lost_is_not_started_twice(
    workspace: RealWorkspace, emulator: EmulatorProcess
) -> None:
    wanted = request(COMMAND)
    fault(emulator, wanted.ref.name, "PUT", answer_lost=True, times=1)
    await workspace.jobs.submit(wanted)
    assert emulator.wait_for_job(wanted.ref.name)["status"] == "Completed"


async def test_a_model_whose_answer_was_lost_is_registered(workspace: RealWorkspace, emulator: EmulatorProcess) -> None:
    job = JobRef(workspace=WORKSPACE, name=f"job-{uuid4().hex[:12]}")
    await write_output(workspace, job)
    model = ModelRef(workspace=WORKSPACE, name=f"model-{uuid4().hex[:12]}", version="1")
    fault(emulator, model.name, "PUT", truncate=True, times=1)
    await workspace.models.register_output(job, "model", model, {"a": "b"})
    assert (await workspace.models.get(model)).tags["a"] == "b"


async def test_a_model_says_who_registered_it(workspace: RealWorkspace) -> None:
    job = JobRef(workspace=WORKSPACE, name=f"job-{uuid4().hex[:12]}")
    await write_output(workspace, job)
    model = ModelRef(workspace=WORKSPACE, name=f"model-{uuid4().hex[:12]}", version="1")
    await workspace.models.register_output(job, "model", model, {})
    found = await workspace.models.get(model)
    assert (found.created_by, found.created_by_type) == ("control", "Application")
    assert found.job == job.name


async def test_a_person_is_known_by_object_id_where_they_had_a_job_run(
    emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure ML shows a person by the name that is displayed; the run history alone knows who that is."""
    reach(monkeypatch, emulator, "Dana Okafor")
    clients = AzureMLWorkspaces([WORKSPACE], ManagedIdentityCredential)
    job = JobRef(workspace=WORKSPACE, name=f"job-{uuid4().hex[:12]}")
    await write_output(RealWorkspace(WORKSPACE, clients), job)
    model = ModelRef(workspace=WORKSPACE, name=f"model-{uuid4().hex[:12]}", version="1")
    await AzureMLModels(clients).register_output(job, "model", model, {})
    found = await AzureMLModels(clients).get(model)
    assert (found.created_by, found.created_by_type) == ("Dana Okafor", "User")
    creator = Creator("User", "Dana Okafor", "00000000-0000-4000-8000-000000000005")
    assert await AzureMLJobs(clients).creator(job) == creator
    clients.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (503, Unavailable),
        (429, Unavailable),
        (403, Unavailable),
        (401, Unavailable),
        (423, Unavailable),
        (400, Refused),
    ],
)
async def test_what_azure_ml_says_decides_whether_to_try_again(
    workspace: RealWorkspace, emulator: EmulatorProcess, status: int, error: type[Exception]
) -> None:
    wanted = request(COMMAND)
    fault(emulator, wanted.ref.name, "GET", status=status)
    with pytest.raises(error, match=str(status)):
        await workspace.jobs.submit(wanted)


async def test_an_identity_without_the_right_may_still_be_given_it(
    emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, emulator, identity="reader")
    workspaces = AzureMLWorkspaces([WORKSPACE], ManagedIdentityCredential)
    with pytest.raises(Unavailable, match="403"):
        await AzureMLJobs(workspaces).submit(request(COMMAND))
    workspaces.close()


async def test_nobody_there_is_unavailable(
    emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch, unused_tcp_port_factory: Callable[[], int]
) -> None:
    reach(monkeypatch, emulator)
    monkeypatch.setenv("AZUREML_DEV_URL_MFE", f"https://localhost:{unused_tcp_port_factory()}")
    workspaces = AzureMLWorkspaces([WORKSPACE], ManagedIdentityCredential)
    with pytest.raises(Unavailable):
        await AzureMLModels(workspaces).get(ModelRef(workspace=WORKSPACE, name="flights", version="1"))
    workspaces.close()


def asked_for(server: EmulatorProcess, name: str) -> int:
    counts: list[dict[str, Any]] = server.admin("GET", "/admin/requests")
    return sum(each["count"] for each in counts if name in each["path"])


async def test_a_pause_that_azure_ml_asks_for_is_the_reactors(
    workspace: RealWorkspace, emulator: EmulatorProcess
) -> None:
    """The client would sleep as long within the call, several times: 120 s for 60, and the lease is 30."""
    ref = JobRef(workspace=WORKSPACE, name=f"none-{uuid4().hex[:12]}")
    fault(emulator, ref.name, "GET", status=429, retry_after=900)
    with pytest.raises(Unavailable, match="429") as refused:
        await workspace.jobs.state(ref)
    assert refused.value.pause == timedelta(seconds=900)
    assert asked_for(emulator, ref.name) == 1


async def test_a_call_that_is_given_up_sends_nothing_more(workspace: RealWorkspace, emulator: EmulatorProcess) -> None:
    """Its lease is over then, and what it was to do may be another's."""
    first, second = (f"none-{uuid4().hex[:12]}" for _ in range(2))
    fault(emulator, first, "GET", delay_s=1)
    ended = threading.Event()

    def look(client: Any) -> None:
        try:
            for name in (first, second):
                with contextlib.suppress(ResourceNotFoundError):
                    client.jobs.get(name)
        finally:
            ended.set()

    looking = asyncio.create_task(workspace.clients.call(WORKSPACE, "jobs", "look", look))
    await asyncio.to_thread(eventually, lambda: asked_for(emulator, first))
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await asyncio.to_thread(ended.wait, 60)
    assert asked_for(emulator, second) == 0


async def test_calls_never_run_on_the_event_loop(workspace: RealWorkspace) -> None:
    thread = await workspace.clients.call(WORKSPACE, "jobs", "look", lambda _client: threading.current_thread().name)
    assert thread.startswith("azure-ml")
