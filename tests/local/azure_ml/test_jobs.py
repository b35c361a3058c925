"""Command jobs over the real client: they really run, once per name, within their limits."""

import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from azure.ai.ml import Input, Output, command
from azure.ai.ml.entities import Environment, Model
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.local.azure_ml.conftest import Connect
from tests.local.azure_ml.emulator_process import ENVIRONMENT, Certificates, EmulatorProcess, configuration
from tests.support.azurite import Azurite
from tests.support.eventually import eventually

pytestmark = pytest.mark.azure_untested


def _job(name: str, text: str, **more: Any) -> Any:
    return command(
        name=name,
        display_name=name,
        command=text,
        environment=f"azureml:{ENVIRONMENT}:1",
        compute="local",
        experiment_name="tests",
        **more,
    )


def _submit(ml: Any, server: EmulatorProcess, job: Any) -> dict[str, Any]:
    ml.jobs.create_or_update(job)
    return server.wait_for_job(job.name)


def _log(server: EmulatorProcess, name: str) -> str:
    return (server.folder / "data/jobs/staging" / name / "user_logs/std_log.txt").read_text()


def test_a_command_runs_with_its_environment_and_nothing_else(
    ml: Any, server: EmulatorProcess, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import os; print(sorted(os.environ.items()))"
    job = _job(name, f'python -c "{script}"', environment_variables={"FROM_JOB": "also"}, tags={"sluice-entity": "e"})

    ended = _submit(ml, server, job)

    assert ended["statuses"] == ["NotStarted", "Queued", "Starting", "Running", "Finalizing", "Completed"]
    assert ended["tags"] == {"sluice-entity": "e"}
    variables = dict(eval(_log(server, name)))  # noqa: S307 - what the job printed
    assert variables["FROM_JOB"] == "also"
    assert variables["FROM_ENVIRONMENT"] == "yes"
    assert variables["AZUREML_RUN_ID"] == name
    assert "IDENTITY_HEADER" not in variables
    inherited = {key for key, value in variables.items() if os.environ.get(key) == value}
    assert inherited <= {
        "PATH",
        "HOME",
        "LANG",
        "PYTHONUNBUFFERED",
        "PWD",
        "SHLVL",
        "_",
        "OLDPWD",
    }
    assert ml.jobs.get(name).status == "Completed"


def test_a_failing_command_fails_the_job_and_says_why(ml: Any, server: EmulatorProcess, name: str) -> None:
    ended = _submit(ml, server, _job(name, "echo the reason; exit 3"))

    assert ended["status"] == "Failed"
    assert "status code 3" in ended["error"]["message"]
    assert "the reason" in ended["error"]["message"]


def test_literals_reach_the_command(ml: Any, server: EmulatorProcess, name: str) -> None:
    job = _job(name, "echo rate=${{inputs.rate}} $[[--extra ${{inputs.extra}}]] end", inputs={"rate": 0.1})
    _submit(ml, server, job)
    assert _log(server, name) == "rate=0.1 end\n"


def test_the_output_of_a_job_becomes_a_model_and_the_input_of_the_next(
    ml: Any, server: EmulatorProcess, name: str
) -> None:
    first = _job(name, "mkdir ${{outputs.model}}/m && echo weights > ${{outputs.model}}/m/model.onnx",
                 outputs={"model": Output(type="uri_folder")})  # fmt: skip
    assert _submit(ml, server, first)["status"] == "Completed"

    ml.models.create_or_update(
        Model(name=name, version="1", path=f"azureml://jobs/{name}/outputs/model/paths/m", type="custom_model")
    )
    assert ml.models.get(name, "1").path.endswith(f"/datastores/workspaceblobstore/paths/azureml/{name}/model/m")

    job = _job(f"{name}-next", "cat ${{inputs.model}}/model.onnx",
               inputs={"model": Input(type="custom_model", path=f"azureml:{name}:1")})  # fmt: skip
    assert _submit(ml, server, job)["status"] == "Completed"
    assert _log(server, f"{name}-next") == "weights\n"

    place = f"azureml://datastores/workspaceblobstore/paths/azureml/{name}/model/m/model.onnx"
    job = _job(f"{name}-file", "cat ${{inputs.file}}", inputs={"file": Input(type="uri_file", path=place)})
    assert _submit(ml, server, job)["status"] == "Completed"
    assert _log(server, f"{name}-file") == "weights\n"


def test_an_output_that_was_not_written_cannot_become_a_model(ml: Any, server: EmulatorProcess, name: str) -> None:
    _submit(ml, server, _job(name, "true", outputs={"model": Output(type="uri_folder")}))
    with pytest.raises(HttpResponseError) as refused:
        ml.models.create_or_update(
            Model(name=name, version="1", path=f"azureml://jobs/{name}/outputs/model/paths/", type="custom_model")
        )
    assert refused.value.status_code == 400


def test_an_input_that_does_not_exist_fails_the_job(ml: Any, server: EmulatorProcess, name: str) -> None:
    place = f"azureml://datastores/workspaceblobstore/paths/{name}/"
    ended = _submit(ml, server, _job(name, "true ${{inputs.d}}", inputs={"d": Input(type="uri_folder", path=place)}))
    assert ended["status"] == "Failed"
    assert "Input 'd'" in ended["error"]["message"]


def test_code_is_uploaded_by_the_client_and_found_again(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "main.py").write_text(f"import lib.part; print(lib.part.VALUE, '{name}')")
    (tmp_path / "lib/part.py").write_text("VALUE = 'from code'")
    uploads = server.count("POST", "/startPendingUpload")

    for number in (1, 2):
        ended = _submit(ml, server, _job(f"{name}-{number}", "python main.py", code=str(tmp_path)))
        assert ended["status"] == "Completed"
        assert _log(server, f"{name}-{number}") == f"from code {name}\n"

    assert server.count("POST", "/startPendingUpload") == uploads + 1


def test_the_same_job_submitted_twice_runs_once(ml: Any, server: EmulatorProcess, name: str) -> None:
    for _ in range(2):
        ml.jobs.create_or_update(_job(name, "echo once", tags={"a": "b"}))
    ended = server.wait_for_job(name)

    assert ended["submits"] == 2
    assert ended["statuses"].count("Running") == 1
    assert _log(server, name) == "once\n"


def test_another_job_under_the_same_name_is_refused(ml: Any, server: EmulatorProcess, name: str) -> None:
    _submit(ml, server, _job(name, "echo first"))
    with pytest.raises(ResourceExistsError):
        ml.jobs.create_or_update(_job(name, "echo second"))
    assert _log(server, name) == "first\n"
    assert server.job(name)["submits"] == 2


def test_an_environment_this_machine_lacks_is_refused(ml: Any, name: str) -> None:
    job = _job(name, "true")
    job.environment = "azureml:other:1"
    with pytest.raises(HttpResponseError, match=ENVIRONMENT):
        ml.jobs.create_or_update(job)


def test_any_environment_runs_where_that_is_configured(
    connect: Connect, tmp_path: Path, azurite: Azurite, certificates: Certificates, name: str
) -> None:
    """Registered or not, or written into the job: a team's pipeline has the environment that it says."""
    environments = {ENVIRONMENT: {}, "*": {"variables": {"FROM_ENVIRONMENT": "any"}}}
    config = configuration(azurite.connection_string, None, environments=environments)
    server = EmulatorProcess(tmp_path, config, certificates).start()
    try:
        ml = connect(server)
        for number, environment in enumerate(["azureml:their-own:7", Environment(image="python:3.13")]):
            job = _job(f"{name}-{number}", "echo $FROM_ENVIRONMENT")
            job.environment = environment
            assert _submit(ml, server, job)["status"] == "Completed"
            assert _log(server, job.name) == "any\n"
        assert {each.name for each in ml.environments.list()} >= {ENVIRONMENT}
        assert "*" not in {each.name for each in ml.environments.list()}
    finally:
        server.end()


def test_cancel_kills_every_process_of_the_job(ml: Any, server: EmulatorProcess, name: str) -> None:
    marker = f"{name}-sleeper"
    ml.jobs.create_or_update(_job(name, f"exec -a {marker}-1 sleep 1000 & exec -a {marker}-2 sleep 1000"))
    eventually(lambda: len(_processes(marker)) == 2)

    ml.jobs.begin_cancel(name).result()

    assert server.wait_for_job(name)["statuses"][-2:] == ["CancelRequested", "Canceled"]
    eventually(lambda: not _processes(marker))
    with pytest.raises(HttpResponseError) as refused:
        ml.jobs.begin_cancel(name)
    assert refused.value.status_code == 400


def _processes(marker: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if (each.info["cmdline"] or [""])[0].startswith(marker)]


def test_a_job_may_not_run_longer_than_its_limit(ml: Any, server: EmulatorProcess, name: str) -> None:
    job = _job(name, "sleep 1000")
    job.set_limits(timeout=1)
    began = time.monotonic()

    ended = _submit(ml, server, job)

    assert ended["status"] == "Canceled"
    assert ended["error"]["code"] == "JobTimedOut"
    assert time.monotonic() - began >= 1


def test_no_more_jobs_run_at_once_than_configured(ml: Any, server: EmulatorProcess, name: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    names = [f"{name}-{number}" for number in range(3)]
    for each in names:
        ml.jobs.create_or_update(_job(each, f"until test -e {gate}; do sleep 0.05; done"))
    eventually(lambda: sorted(server.job(each)["status"] for each in names) == ["Queued", "Running", "Running"])
    gate.touch()
    assert {server.wait_for_job(each)["status"] for each in names} == {"Completed"}


def test_the_log_is_streamed(ml: Any, server: EmulatorProcess, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    ml.jobs.create_or_update(_job(name, "echo streamed line; sleep 1"))
    server.wait_for_job(name, "Running", "Finalizing", "Completed")
    ml.jobs.stream(name)
    shown = capsys.readouterr().out
    assert f"RunId: {name}" in shown
    assert "streamed line" in shown


def test_archived_jobs_are_listed_only_when_asked_for(ml: Any, server: EmulatorProcess, name: str) -> None:
    _submit(ml, server, _job(name, "true"))
    assert name in {job.name for job in ml.jobs.list()}
    ml.jobs.archive(name)
    assert name not in {job.name for job in ml.jobs.list()}
    assert name in {job.name for job in ml.jobs.list(list_view_type="ArchivedOnly")}
    ml.jobs.restore(name)
    assert name in {job.name for job in ml.jobs.list()}


def test_tags_of_a_fetched_job_can_change(ml: Any, server: EmulatorProcess, name: str) -> None:
    _submit(ml, server, _job(name, "true", tags={"a": "1"}))
    job = ml.jobs.get(name)
    job.tags["reviewed"] = "yes"
    ml.jobs.create_or_update(job)
    assert ml.jobs.get(name).tags == {"a": "1", "reviewed": "yes"}


def test_only_a_job_that_has_ended_can_be_deleted_and_nobody_misses_one_that_is_gone(
    ml: Any, server: EmulatorProcess, name: str
) -> None:
    ml.jobs.create_or_update(_job(name, "sleep 1000"))
    with pytest.raises(HttpResponseError) as refused:
        ml.jobs.begin_delete(name)
    assert refused.value.status_code == 409
    ml.jobs.begin_cancel(name).result()
    server.wait_for_job(name)
    ml.jobs.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        ml.jobs.get(name)
    ml.jobs.begin_delete(name).result()
