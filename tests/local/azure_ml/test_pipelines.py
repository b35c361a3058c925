"""Pipelines over the real client: from YAML with inline components, from registered ones, wired step to step."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from azure.ai.ml import Output, load_component, load_job
from azure.ai.ml.dsl import pipeline
from azure.ai.ml.entities import Model, PipelineJob
from azure.core.exceptions import HttpResponseError

from tests.local.azure_ml.emulator_process import EmulatorProcess

pytestmark = pytest.mark.azure_untested

INLINE = """
    $schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
    type: pipeline
    experiment_name: tests
    inputs: {rate: 0.5}
    outputs: {package: {type: uri_folder}}
    settings: {default_compute: "azureml:local"}
    tags: {origin: yaml}
    jobs:
      train:
        type: command
        command: python train.py ${{inputs.rate}} ${{outputs.model}}
        code: ./src
        environment: azureml:sluice-jobs:1
        inputs: {rate: "${{parent.inputs.rate}}"}
        outputs: {model: {type: uri_folder}}
      pack:
        type: command
        command: cp ${{inputs.model}}/weights ${{outputs.package}}/packed && echo packed
        environment: azureml:sluice-jobs:1
        inputs: {model: "${{parent.jobs.train.outputs.model}}"}
        outputs: {package: "${{parent.outputs.package}}"}
"""
COMPONENT = """
    $schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
    type: command
    name: NAME
    version: "1"
    inputs:
      greeting: {type: string}
      times: {type: integer, default: 2}
      suffix: {type: string, optional: true}
    outputs: {said: {type: uri_folder}}
    command: >-
      for i in $(seq ${{inputs.times}}); do echo ${{inputs.greeting}} $[[${{inputs.suffix}}]]; done
      > ${{outputs.said}}/text
    environment: azureml:sluice-jobs:1
"""


def _write(folder: Path, file: str, text: str) -> Path:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text))
    return path


def _output(server: EmulatorProcess, job: str, output: str) -> Path:
    return server.folder / "data/jobs/staging" / job / "outputs" / output


def test_a_yaml_pipeline_of_two_steps_makes_a_model(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    train = "import sys, pathlib; pathlib.Path(sys.argv[2], 'weights').write_text(sys.argv[1])"
    _write(tmp_path, "src/train.py", train)
    job = load_job(_write(tmp_path, "pipeline.yml", INLINE), params_override=[{"name": name}])

    ml.jobs.create_or_update(job)
    ended = server.wait_for_job(name)

    assert ended["status"] == "Completed", ended
    assert ended["statuses"] == ["NotStarted", "Preparing", "Running", "Finalizing", "Completed"]
    ml.models.create_or_update(
        Model(name=name, version="1", path=f"azureml://jobs/{name}/outputs/package/paths/packed", type="custom_model")
    )
    assert _output(server, f"{name}_pack", "package").joinpath("packed").read_text() == "0.5"
    assert ml.jobs.get(name).tags == {"origin": "yaml"}


def test_the_children_of_a_pipeline_are_in_the_run_history(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    _write(tmp_path, "src/train.py", "raise SystemExit(1)")
    ml.jobs.create_or_update(load_job(_write(tmp_path, "p.yml", INLINE), params_override=[{"name": name}]))
    ended = server.wait_for_job(name)

    assert ended["status"] == "Failed"
    assert "step 'train'" in ended["error"]["message"]
    children = {job.display_name: job.status for job in ml.jobs.list(parent_job_name=name)}
    assert children == {"train": "Failed", "pack": "Canceled"}
    assert ml.jobs.get(f"{name}_train").status == "Failed"
    assert f"{name}_train" not in {job.name for job in ml.jobs.list()}


def test_a_registered_component_runs_with_defaults_and_optional_inputs(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    text = COMPONENT.replace("NAME", name)
    ml.components.create_or_update(load_component(_write(tmp_path, "component.yml", text)))
    component = ml.components.get(name, "1")

    @pipeline(default_compute="local")  # type: ignore[call-overload, untyped-decorator]
    def build(greeting: str) -> dict[str, Any]:
        step = component(greeting=greeting)
        return {"said": step.outputs.said}

    job = build(greeting="hello")
    job.name, job.tags, job.experiment_name = name, {"sluice-entity": "e"}, "tests"
    ml.jobs.create_or_update(job)

    ended = server.wait_for_job(name)
    assert ended["status"] == "Completed", ended
    assert ended["tags"] == {"sluice-entity": "e"}
    assert _output(server, f"{name}_step", "said").joinpath("text").read_text() == "hello\nhello\n"


def test_a_component_by_name_needs_no_lookup(ml: Any, server: EmulatorProcess, name: str, tmp_path: Path) -> None:
    ml.components.create_or_update(load_component(_write(tmp_path, "c.yml", COMPONENT.replace("NAME", name))))
    text = f"""
        type: pipeline
        name: {name}
        experiment_name: tests
        settings: {{default_compute: "azureml:local"}}
        jobs:
          say: {{type: command, component: "azureml:{name}:1", inputs: {{greeting: hi, times: 1, suffix: there}}}}
    """
    lookups = server.count("GET", f"/components/{name}/versions/1")
    job = load_job(_write(tmp_path, "p.yml", text))
    for _ in range(2):
        ml.jobs.create_or_update(job)

    ended = server.wait_for_job(name)
    assert ended["status"] == "Completed", ended
    assert ended["submits"] == 2
    assert server.count("GET", f"/components/{name}/versions/1") == lookups
    assert _output(server, f"{name}_say", "said").joinpath("text").read_text() == "hi there\n"


def test_a_registered_pipeline_component_runs_as_a_step(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    ml.components.create_or_update(load_component(_write(tmp_path, "c.yml", COMPONENT.replace("NAME", name))))
    graph = f"""
        type: pipeline
        name: {name}_graph
        version: "1"
        inputs: {{greeting: {{type: string}}}}
        outputs: {{said: {{type: uri_folder}}}}
        jobs:
          inner:
            type: command
            component: "azureml:{name}:1"
            inputs: {{greeting: "${{{{parent.inputs.greeting}}}}", times: 1}}
            outputs: {{said: "${{{{parent.outputs.said}}}}"}}
    """
    component = ml.components.create_or_update(load_component(_write(tmp_path, "g.yml", graph)))

    @pipeline(default_compute="local")  # type: ignore[call-overload, untyped-decorator]
    def build() -> dict[str, Any]:
        return {"said": component(greeting="nested").outputs.said}

    job = build()
    job.name, job.experiment_name = name, "tests"
    ml.jobs.create_or_update(job)
    ended = server.wait_for_job(name)

    assert ended["status"] == "Completed", ended
    ml.models.create_or_update(
        Model(name=name, version="1", path=f"azureml://jobs/{name}/outputs/said/paths/text", type="custom_model")
    )


def test_an_output_with_a_name_is_registered_as_a_model(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    _write(tmp_path, "src/train.py", "import sys, pathlib; pathlib.Path(sys.argv[2], 'weights').write_text('w')")
    job = load_job(_write(tmp_path, "p.yml", INLINE), params_override=[{"name": name}])
    assert isinstance(job, PipelineJob)
    job.outputs["package"] = Output(type="custom_model", name=name, version="3")
    ml.jobs.create_or_update(job)
    ended = server.wait_for_job(name)

    assert ended["status"] == "Completed", ended
    assert ml.models.get(name, "3").path.endswith(f"/paths/azureml/{name}/package/")


def test_cancelling_a_pipeline_cancels_its_steps(ml: Any, server: EmulatorProcess, name: str, tmp_path: Path) -> None:
    _write(tmp_path, "src/train.py", "import time; time.sleep(1000)")
    ml.jobs.create_or_update(load_job(_write(tmp_path, "p.yml", INLINE), params_override=[{"name": name}]))
    server.wait_for_job(f"{name}_train", "Running")

    ml.jobs.begin_cancel(name).result()

    assert server.wait_for_job(name)["status"] == "Canceled"
    assert server.wait_for_job(f"{name}_train")["status"] == "Canceled"
    assert server.wait_for_job(f"{name}_pack")["status"] == "Canceled"


def test_a_pipeline_with_an_unknown_component_is_refused(ml: Any, name: str, tmp_path: Path) -> None:
    text = f"""
        type: pipeline
        settings: {{default_compute: "azureml:local"}}
        jobs:
          say: {{type: command, component: "azureml:{name}:1"}}
    """
    with pytest.raises(HttpResponseError, match="not registered"):
        ml.jobs.create_or_update(load_job(_write(tmp_path, "p.yml", text)))


def test_a_component_version_never_changes(ml: Any, name: str, tmp_path: Path) -> None:
    text = COMPONENT.replace("NAME", name)
    for _ in range(2):
        ml.components.create_or_update(load_component(_write(tmp_path, "c.yml", text)))
    with pytest.raises(HttpResponseError, match="immutable"):
        ml.components.create_or_update(
            load_component(_write(tmp_path, "c.yml", text.replace("default: 2", "default: 3")))
        )


def test_steps_read_models_and_keep_their_own_limits_and_variables(
    ml: Any, server: EmulatorProcess, name: str, tmp_path: Path
) -> None:
    _write(tmp_path, "src/train.py", "import sys, pathlib; pathlib.Path(sys.argv[2], 'weights').write_text('w')")
    ml.jobs.create_or_update(load_job(_write(tmp_path, "p.yml", INLINE), params_override=[{"name": name}]))
    assert server.wait_for_job(name)["status"] == "Completed"
    place = f"azureml://jobs/{name}/outputs/package/paths/"
    ml.models.create_or_update(Model(name=name, version="1", path=place, type="custom_model"))
    text = f"""
        type: pipeline
        name: {name}-next
        experiment_name: tests
        settings: {{default_compute: "azureml:local"}}
        inputs: {{package: {{type: custom_model, path: "azureml:{name}:1"}}}}
        jobs:
          read:
            type: command
            command: echo $GREETING && cat ${{{{inputs.package}}}}/packed
            environment: azureml:sluice-jobs:1
            environment_variables: {{GREETING: hello}}
            inputs: {{package: "${{{{parent.inputs.package}}}}"}}
          hang:
            type: command
            command: cat ${{{{inputs.package}}}}/packed && sleep 1000
            environment: azureml:sluice-jobs:1
            limits: {{timeout: 1}}
            inputs: {{package: "${{{{parent.inputs.package}}}}"}}
    """
    ml.jobs.create_or_update(load_job(_write(tmp_path, "next.yml", text)))

    ended = server.wait_for_job(f"{name}-next")

    assert ended["status"] == "Failed"
    assert "step 'hang': its time limit is over" in ended["error"]["message"]
    assert server.job(f"{name}-next_hang")["status"] == "Canceled"
    assert server.job(f"{name}-next_read")["status"] == "Completed"
    log = server.folder / "data/jobs/staging" / f"{name}-next_read" / "user_logs/std_log.txt"
    assert log.read_text() == "hello\nw"
