"""A patient in whom everything is well."""

from pathlib import Path

import pytest

from function_app.operator.doctor.patient import AppSettings
from tests.unit.operator.doctor.patients import CONTROL, Parts


@pytest.fixture
async def parts(tmp_path: Path) -> Parts:
    found = Parts(tmp_path)
    await found.deploy()
    return found


@pytest.fixture
def control() -> dict[str, AppSettings]:
    """Control's settings as the sample has them, with a key for each hub."""
    return {"control": CONTROL}
