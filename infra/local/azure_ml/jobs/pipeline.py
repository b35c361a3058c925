"""Pipelines: a graph of steps, each a component with inputs wired to the pipeline or to other steps."""

import asyncio
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from infra.local.azure_ml.arm import ArmError, bad_request, parse_asset
from infra.local.azure_ml.jobs import command, expressions, lifecycle
from infra.local.azure_ml.jobs.process import TimeLimitExceeded
from infra.local.azure_ml.jobs.work import Host, JobFailed, Value, defaults, from_component, value
from infra.local.azure_ml.resources import Json
from infra.local.azure_ml.state import State

Outputs = dict[str, Path]


@dataclass(frozen=True)
class Graph:
    """`path` is the job the steps belong to."""

    state: State
    path: str
    steps: dict[str, Json]
    inputs: dict[str, Value]

    @property
    def workspace(self) -> str:
        return self.path.split("/", 1)[0]

    def check(self) -> None:
        """Raise `ArmError` 400 for steps that cannot run: unknown components or environments, wrong wiring, cycles."""
        for name, step in self.steps.items():
            spec = _component(self.state, self.workspace, name, step)
            if spec.get("jobs"):
                Graph(self.state, self.path, spec["jobs"], {}).check()
            else:
                from_component(self.state, self.workspace, spec, step)
            for needed, output in _needs(step):
                if needed not in self.steps:
                    raise bad_request(
                        f"Step '{name}' needs output '{output}' of step '{needed}', which does not exist."
                    )
        try:
            TopologicalSorter({name: {n for n, _ in _needs(step)} for name, step in self.steps.items()}).prepare()
        except CycleError as error:
            raise bad_request(f"The steps depend on each other: {error.args[1]}.") from error

    async def run(self, host: Host) -> Outputs:
        """Run every step as soon as its inputs exist; answers the pipeline's outputs. Raises `JobFailed`: a step that
        fails ends the others as Canceled."""
        children = {name: self._create(name, step) for name, step in self.steps.items()}
        finished: dict[str, asyncio.Future[Outputs]] = {
            name: asyncio.get_running_loop().create_future() for name in self.steps
        }

        async def step(name: str) -> None:
            for needed, _ in _needs(self.steps[name]):
                await finished[needed]
            done = {other: future.result() for other, future in finished.items() if future.done()}
            outputs = await self._run_step(host, name, children[name], self._bind(name, done))
            finished[name].set_result(outputs)

        try:
            async with asyncio.TaskGroup() as tasks:
                for name in self.steps:
                    tasks.create_task(step(name))
        except ExceptionGroup as group:
            failed = group.subgroup(JobFailed)
            if failed is None:
                raise
            raise JobFailed("; ".join(str(failure) for failure in failed.exceptions)) from group
        finally:
            # Steps that never got their inputs; those that have ended stay as they ended.
            for child in children.values():
                host.cancelled(child)
        return self._collect({name: future.result() for name, future in finished.items()})

    def _create(self, name: str, step: Json) -> str:
        parent = self.state.resources.get(self.path)
        experiment = parent.properties["experimentName"] if parent else "Default"
        kind = "Pipeline" if _component(self.state, self.workspace, name, step).get("jobs") else "Command"
        properties = {
            "jobType": kind,
            "displayName": name,
            "experimentName": experiment,
            "componentId": step["componentId"],
            "properties": {"azureml.parentrunid": self.path.rsplit("/", 1)[-1]},
        }
        path = f"{self.path}_{name}"
        lifecycle.create(self.state, path, properties, parent=self.path.rsplit("/", 1)[-1])
        return path

    async def _run_step(self, host: Host, name: str, path: str, values: dict[str, Value]) -> Outputs:
        spec = _component(self.state, self.workspace, name, self.steps[name])
        try:
            if spec.get("jobs"):
                lifecycle.move(self.state, path, "Running")
                outputs = await Graph(self.state, path, spec["jobs"], defaults(spec) | values).run(host)
            else:
                work = from_component(self.state, self.workspace, spec, self.steps[name]).bound(values)
                outputs = await command.run(self.state, host, path, work)
        except (JobFailed, ArmError) as error:
            lifecycle.fail(self.state, path, str(error))
            raise JobFailed(f"step '{name}': {error}") from error
        except TimeLimitExceeded as error:
            lifecycle.move(self.state, path, "Canceled", {"code": "JobTimedOut", "message": "The time is over."})
            raise JobFailed(f"step '{name}': its time limit is over") from error
        except asyncio.CancelledError:
            host.cancelled(path)
            raise
        lifecycle.move(self.state, path, "Completed")
        return outputs

    def _bind(self, name: str, done: dict[str, Outputs]) -> dict[str, Value]:
        bound: dict[str, Value] = {}
        for key, item in (self.steps[name].get("inputs") or {}).items():
            given = value(item)
            if isinstance(given, str) and (source := expressions.step_output(given)):
                bound[key] = _output_of(done, *source)
            elif isinstance(given, str) and (wanted := expressions.parent_input(given)):
                # An optional pipeline input without a value leaves the step's own input unbound.
                if wanted in self.inputs:
                    bound[key] = self.inputs[wanted]
            else:
                bound[key] = given
        return bound

    def _collect(self, done: dict[str, Outputs]) -> Outputs:
        collected: Outputs = {}
        for name, step in self.steps.items():
            for output, item in (step.get("outputs") or {}).items():
                if target := expressions.parent_output(str(item.get("value", ""))):
                    collected[target] = _output_of(done, name, output)
        return collected


def _output_of(done: dict[str, Outputs], step: str, output: str) -> Path:
    if output not in done[step]:
        raise JobFailed(f"step '{step}' has no output '{output}'")
    return done[step][output]


def _needs(step: Json) -> list[tuple[str, str]]:
    """The (step, output) pairs a step's inputs are wired to."""
    texts = (value(item) for item in (step.get("inputs") or {}).values())
    return [source for text in texts if isinstance(text, str) and (source := expressions.step_output(text))]


def _component(state: State, workspace: str, name: str, step: Json) -> Json:
    asset = parse_asset(str(step.get("componentId") or ""))
    if asset is None:
        raise bad_request(f"Step '{name}' names no component; only command and pipeline components can run here.")
    component = state.resources.get(f"{workspace}/components/{asset.name}/versions/{asset.version}")
    if component is None:
        raise bad_request(f"Step '{name}': component {asset.name}:{asset.version} is not registered.")
    spec: Json = component.properties["componentSpec"]
    if spec.get("type") not in ("command", "pipeline", None) and not spec.get("command"):
        raise bad_request(f"Step '{name}': components of type '{spec.get('type')}' cannot run here.")
    return spec
