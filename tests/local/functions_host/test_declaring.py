"""What the real host would refuse, or switch off without a word, is refused before it is deployed, with the repair."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local.functions_host.declaring import taken
from infra.local.functions_host.errors import HostError
from infra.local.functions_host.host_json import HostSettings
from infra.local.functions_host.worker_protocol import protos

ROOT = Path(__file__).resolve().parents[3]


def function(name: str, **trigger: object) -> Any:
    kind = {"type": "httpTrigger", "direction": "IN", "name": "req", "authLevel": "ANONYMOUS", **trigger}
    return protos.RpcFunctionMetadata(name=name, raw_bindings=[json.dumps(kind)])


def timer(name: str, schedule: str) -> Any:
    return function(name, type="timerTrigger", schedule=schedule)


def test_each_function_is_told_with_where_or_when_it_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICK", "0 * * * * *")
    hub = function("read", type="eventHubTrigger", eventHubName="events", connection="EVENTS", consumerGroup="lane")
    show = function("show", route="things/{id}", methods=["POST", "GET"], authLevel="FUNCTION")
    assert taken([show, hub, timer("clock", "%TICK%")], HostSettings()) == {
        "clock": {"trigger": "timer", "schedule": "%TICK%"},
        "read": {"trigger": "eventHub", "hub": "events", "group": "lane"},
        "show": {"trigger": "http", "route": "/api/things/{id}", "methods": ["GET", "POST"], "open": False},
    }


@pytest.mark.parametrize(
    ("functions", "wrong", "repair"),
    [
        ([function("1st")], "'1st': a name is a letter", "a name that is its own"),
        ([function("show", route="a"), function("Show", route="b")], "differ in case only", "a name that is its own"),
        ([function("f", type="blobTrigger")], "no binding 'blobTrigger'", "one trigger that this host has"),
        ([timer("clock", "0 0 25 * * *")], "schedule '0 0 25 \\* \\* \\*'", "six NCRONTAB fields"),
        ([timer("clock", "@daily")], "schedule '@daily'", "six NCRONTAB fields"),
        ([timer("clock", "0 * * * *\t*")], "is no number", "six NCRONTAB fields"),
        ([timer("clock", "%NOSUCH%")], "no setting NOSUCH", "one trigger"),
        ([function("f", route="administer")], "conflicts with the host's own", "neither admin nor runtime"),
        ([function("f", route="a/%B%")], "settings are not put into routes", "a route of its own"),
        ([function("f", route="a/{b")], "not well formed", "braces in pairs"),
        ([function("f", route="a/{b:nosuch}")], "nosuch", "a route of its own"),
        ([function("f", route="a"), function("g", route="A")], "'g': route '.*A' is that of", "a route of its own"),
        ([function("f", route="a/{b}"), function("g", route="a/c")], "'f' and 'g': one path", "the first by name"),
    ],
)
def test_what_azure_would_not_run_is_named_with_its_repair(functions: list[Any], wrong: str, repair: str) -> None:
    with pytest.raises(HostError, match=f"(?s){wrong}.*To mend it: .*{repair}"):
        taken(functions, HostSettings())


def told(app: Path, **files: str) -> tuple[int, Mapping[str, Any], str]:
    """Exit code, what is declared, and what is wrong, of an app of these files, in a process of its own."""
    for name, text in files.items():
        (app / name.replace("_json", ".json").replace("_py", ".py")).write_text(text)
    command = [sys.executable, "-m", "infra.local.functions_host.declaring", str(app)]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": f"{app}:{ROOT}"}, capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


APP = """
import azure.functions as func
app = func.FunctionApp()

@app.route("ping", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def ping(req: func.HttpRequest) -> str:
    return "pong"
"""


def test_an_app_is_indexed_as_the_worker_does_it(tmp_path: Path) -> None:
    code, found, wrong = told(tmp_path, function_app_py=APP, host_json='{"version": "2.0"}')
    assert code == 0, wrong
    assert found == {"ping": {"trigger": "http", "route": "/api/ping", "methods": ["GET"], "open": True}}


@pytest.mark.parametrize(
    ("code", "host_json", "wrong"),
    [
        ("import nothing_of_that_name", '{"version": "2.0"}', "No module named 'nothing_of_that_name'"),
        ("app = None", '{"version": "2.0"}', "Could not find top level function app instances"),
        (APP, "{}", "host.json: version: required"),
        (APP, '{"version": "2.0", "functionTimeout": "soon"}', "functionTimeout"),
    ],
)
def test_an_app_that_would_come_up_without_functions_says_so_here(
    code: str, host_json: str, wrong: str, tmp_path: Path
) -> None:
    """In Azure such an app is in state Running, and its page answers 200."""
    ended, _, said = told(tmp_path, function_app_py=code, host_json=host_json)
    assert ended == 1
    assert wrong in said
    assert "To mend it: " in said
