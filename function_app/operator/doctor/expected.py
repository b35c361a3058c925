"""What a deployment consists of, as this installation knows it."""

import json
from collections.abc import Mapping
from pathlib import Path

from function_app.operator.doctor.patient import App, Stream
from shared.ports import Hub

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "requirements.txt"
# Those that operators may read; of the others they can at most tell that they are not there.
TABLES = {
    "ledger": True, "pending": True, "positions": True, "brakes": True, "letters": True, "policies": True,
    "folds": True, "deadlines": False, "approvals": False, "grown": False,
}  # fmt: skip
CONTAINERS = {
    "evidence": True, "letters": True, "models": True, "serving": True, "seals": True, "archive": True,
    "captures": False, "labels": False, "azureml": False, "batch-in": False, "batch-out": False,
}  # fmt: skip


def functions() -> Mapping[str, App]:
    """Written from what the apps declare; what is packaged is held against the same file."""
    found = json.loads((ROOT / "infra" / "functions.json").read_text())
    return {
        app: App(tuple(each["functions"]), each.get("health", ""), each.get("ready", "")) for app, each in found.items()
    }


def streams() -> Mapping[Hub, Stream]:
    """Written from what the services declare; the templates read the same file."""
    found = json.loads((ROOT / "infra" / "streams.json").read_text())
    return {hub: Stream(each["partitions"], tuple(each["consumerGroups"])) for hub, each in found.items()}
