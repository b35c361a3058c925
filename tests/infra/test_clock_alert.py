"""The alert on a clock that stands still fires when nothing runs at all, and tells people rather than control."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest

from infra import declared
from tests.infra.templates import AZURE, Template, all_templates, body, changed

ALERT = "modules/clock_alert.bicep"
# Where they are there, the compiler and Azure's own types are asked too; neither is part of the project.
BICEP = shutil.which("bicep") or str(AZURE.parents[2] / "shared" / "tools" / "bicep")
TYPES = AZURE.parents[2] / "shared" / "data" / "arm-types"


def faults(file: Template) -> list[str]:
    """What keeps the rule from firing when it should, and only then."""
    rule = body(file.section("resources")["standsStill"])["properties"]
    (condition,) = rule["criteria"]["allOf"]
    queries = [condition["query"], *(str(each["value"]) for each in file.section("variables").values())]
    clocks = [name for name, each in declared.expected()["control"]["functions"].items() if each["trigger"] == "timer"]
    right = {
        "timer": [str(file.section("variables")["timer"]["value"])] == clocks,
        # A row for nothing: with `by`, no run would be no row, and no alert.
        "no rows": condition["query"].endswith("| summarize Runs = sum(Runs)")
        and not any(" by " in query for query in queries),
        "kinds": file.text.count("toreal(") == 2,
        "threshold": (condition["operator"], condition["threshold"], condition["metricMeasureColumn"])
        == ("LessThan", 1, "Runs"),
        "window": (rule["windowSize"], rule["evaluationFrequency"]) == ("PT15M", "PT5M"),
        "first days": rule["skipQueryValidation"] is True,
        "goes on": rule["enabled"] is rule["autoMitigate"] is True,
        "receivers": "eventHubReceivers" not in file.text,
    }
    return [name for name, holds in right.items() if not holds]


def test_no_run_for_a_quarter_of_an_hour_is_an_alert_to_people() -> None:
    assert faults(all_templates()[ALERT]) == []
    passed = all_templates()["main.bicep"].parameters_of("clockAlert")
    assert set(passed) >= {"watchers", "logsId", "appName"}


@pytest.mark.parametrize(
    ("present", "instead", "fault"),
    [
        ("var timer = 'clock'", "var timer = 'seal'", "timer"),
        ("summarize Runs = sum(Runs)'", "summarize Runs = sum(Runs) by Name'", "no rows"),
        ("toreal(count())", "count()", "kinds"),
        ("'LessThan'", "'GreaterThan'", "threshold"),
        ("'PT15M'", "'P1D'", "window"),
        ("skipQueryValidation: true", "skipQueryValidation: false", "first days"),
        ("enabled: true\n    scopes", "enabled: false\n    scopes", "goes on"),
        ("emailReceivers", "eventHubReceivers", "receivers"),
    ],
)
def test_a_rule_that_would_not_fire_is_found(present: str, instead: str, fault: str) -> None:
    assert faults(changed(ALERT, present, instead)) == [fault]


def predicted(folder: Path) -> list[dict[str, Any]]:
    """What a deployment with the example's parameters would create."""
    shutil.copytree(AZURE, folder / "azure")
    for file in AZURE.parent.glob("*.json"):
        shutil.copy(file, folder)
    ids = {"--subscription-id": str(UUID(int=0)), "--tenant-id": str(UUID(int=1))}
    place = {"--location": "westeurope", "--resource-group": "sluice", "--mode": "overwrite"}
    flags = [word for pair in {**ids, **place}.items() for word in pair]
    command = [BICEP, "snapshot", str(folder / "azure" / "main.example.bicepparam"), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = json.loads((folder / "azure" / "main.example.snapshot.json").read_text())
    found: list[dict[str, Any]] = written["predictedResources"]
    return found


@pytest.mark.skipif(not Path(BICEP).exists(), reason="the Bicep compiler is not here")
def test_azure_would_take_the_rule(tmp_path: Path) -> None:
    made = predicted(tmp_path)
    (rule,) = (each for each in made if each["type"] == "Microsoft.Insights/scheduledQueryRules")
    groups = [each for each in made if each["type"] == "Microsoft.Insights/actionGroups"]
    people = [each["id"] for each in groups if "emailReceivers" in each["properties"]]
    assert rule["properties"]["actions"]["actionGroups"] == people
    control = next(each["name"] for each in made if each["type"] == "Microsoft.Web/sites" and "control" in each["name"])
    assert f'AppRoleName =~ "{control}" and Name == "clock"' in rule["properties"]["criteria"]["allOf"][0]["query"]
    assert all(len(each["properties"]["groupShortName"]) <= 12 for each in groups)
    for each in (rule, *groups):
        _hold(each)


def _hold(resource: dict[str, Any]) -> None:
    """Against Azure's own types, where they are there."""
    provider, _, kind = resource["type"].partition("/")
    file = TYPES / provider / f"{kind}@{resource['apiVersion']}.json"
    if TYPES.exists():
        sent = {name: value for name, value in resource.items() if name not in ("id", "type", "apiVersion")}
        jsonschema.validate(sent, json.loads(file.read_text()))
