"""In a patient in whom everything is well, every check says so; there is a test of each that makes it fail."""

from pathlib import Path

import pytest

from function_app.operator.doctor.check import all_checks
from function_app.operator.doctor.examining import examine
from tests.unit.operator.doctor.patients import Parts

CHECKS = all_checks()
_HERE = Path(__file__).parent / "checks"


@pytest.mark.parametrize("name", CHECKS)
async def test_what_is_well_is_found_well_in_one_line(name: str, parts: Parts) -> None:
    (examined,) = await examine(parts.patient(), [CHECKS[name]], 20)
    assert [finding.verdict for finding in examined.findings] == ["ok"], examined.findings
    assert examined.findings[0].words


def test_every_check_says_what_it_tries_and_is_tested_where_it_fails() -> None:
    assert all(check.tried for check in CHECKS.values())
    folder = Path(__file__).parents[4] / "function_app/operator/doctor/checks"
    modules = {path.stem for path in folder.glob("[a-z]*.py")}
    assert modules == {path.stem.removeprefix("test_") for path in _HERE.glob("test_*.py")}
    assert len(modules) == len(CHECKS)
