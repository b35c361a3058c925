"""A patient in whom everything is well."""

import json
from pathlib import Path

import pytest

from function_app.operator.doctor.patient import AppSettings
from shared.settings.operator import HUBS, OperatorSettings
from tests.unit.operator.doctor.patients import Parts

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture
async def parts(tmp_path: Path) -> Parts:
    found = Parts(tmp_path)
    await found.deploy()
    return found


@pytest.fixture
def control() -> dict[str, AppSettings]:
    """Control's settings as the sample has them, with a key for each hub."""
    values = json.loads((REPOSITORY / "local.settings.sample.json").read_text())["Values"]
    key = "Endpoint=sb://h;SharedAccessKeyName=n;SharedAccessKey=k;EntityPath="
    return {"control": AppSettings(values | {OperatorSettings.setting(hub): f"{key}{hub}" for hub in HUBS})}
