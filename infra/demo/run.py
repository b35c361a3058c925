"""The running system as its run file describes it."""

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """`document` is what `run.json` holds."""

    document: dict[str, Any]

    @property
    def hubs(self) -> dict[str, str]:
        return dict(self.document["connection_strings"]["event_hubs"])

    @property
    def storage(self) -> str:
        return str(self.document["connection_strings"]["storage"]["root"])

    @property
    def folder(self) -> Path:
        return Path(self.document["run_dir"])

    @property
    def outbox(self) -> Path:
        return Path(self.document["files"]["outbox"])

    @property
    def azure_ml(self) -> dict[str, str]:
        """The variables with which Azure ML's own client reaches the workspaces."""
        return dict(self.document["workspace"])

    def endpoint(self, name: str) -> str:
        return str(self.document["endpoints"][name])

    def admin(self, component: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask or tell a local stand-in: GET without a body, POST with one."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.endpoint(component)}/admin/{path}", data, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own stand-in on this machine
            return json.loads(answer.read() or b"null")

    def function_key(self, app: str) -> str:
        return str(self.document["keys"]["functions"][app])

    def workspace_id(self, stage: str) -> str:
        """The resource id, as Sluice spells it: lower case."""
        found = next(each for each in self.document["workspaces"] if stage in each["stages"])
        return str(found["id"]).lower()

    def person(self, persona: str) -> dict[str, Any]:
        return next(person for person in self.document["people"] if person["persona"] == persona)


class NotStarted(Exception):
    """The system did not come up; it has said itself why."""


def start(run_dir: Path, policy: Path) -> Run:
    """A fresh system, ready; raises `NotStarted`."""
    command = [sys.executable, "-m", "infra.local", "up", "--detach", "--fresh"]
    starting = subprocess.Popen([*command, "--run-dir", str(run_dir), "--policy", str(policy)])
    try:
        code = starting.wait()
    except KeyboardInterrupt:
        starting.wait()  # it heard Ctrl-C too, and ends what it has started so far
        raise
    if code:
        raise NotStarted
    run = Run(json.loads((run_dir / "run.json").read_text()))
    os.environ.update(run.azure_ml)
    return run


def is_up(run_dir: Path) -> bool:
    """Tell whether a system runs there."""
    asked = [sys.executable, "-m", "infra.local", "status", "--run-dir", str(run_dir)]
    return subprocess.run(asked, stdout=subprocess.DEVNULL, check=False).returncode == 0


def stop(run_dir: Path) -> None:
    subprocess.run([sys.executable, "-m", "infra.local", "down", "--run-dir", str(run_dir)], check=True)


def disturb(run: Run, *, withhold_job_events: bool, deliver_twice: bool) -> None:
    """What the story has to bear.

    Withheld: Azure ML reports the end of no job any more, deadlines alone have to carry the story.
    Twice: every event is delivered twice, by Azure ML to the hub, and by every hub to every reader.
    """
    ends = [f"Microsoft.MachineLearningServices.{kind}" for kind in ("RunCompleted", "RunStatusChanged")]
    delivery = ({"withhold": ends} if withhold_job_events else {}) | ({"double": "*"} if deliver_twice else {})
    run.admin("identity", "events", delivery)
    if deliver_twice:
        run.admin("event_hubs_admin", "faults", {"duplicate": {"hub": "*", "events": 10_000_000}})
