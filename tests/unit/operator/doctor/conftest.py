"""A patient in whom everything is well."""

from pathlib import Path

import pytest

from tests.unit.operator.doctor.patients import Parts


@pytest.fixture
async def parts(tmp_path: Path) -> Parts:
    found = Parts(tmp_path)
    await found.deploy()
    return found
