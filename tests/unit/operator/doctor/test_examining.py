"""Whatever keeps a check from looking is its finding; the others look all the same."""

import asyncio
from collections.abc import Sequence

import pytest

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.examining import examine
from function_app.operator.doctor.finding import Finding, ok
from function_app.operator.doctor.patient import Patient
from shared.ports import Absent, Refused, Unavailable
from shared.settings.operator import NoSettings
from tests.unit.operator.doctor.patients import Parts


async def well(_: Patient) -> Sequence[Finding]:
    return [ok("well")]


@pytest.mark.parametrize("error", [Unavailable("away"), Refused("no"), Absent("gone"), NoSettings("X is not set")])
async def test_an_error_with_a_meaning_is_a_finding(error: Exception, parts: Parts) -> None:
    async def fail(_: Patient) -> Sequence[Finding]:
        raise error

    failed, fine = await examine(parts.patient(), [Check("fails", "x", fail), Check("works", "x", well)], 20)
    assert (failed.verdict, fine.verdict) == ("broken", "ok")
    assert failed.findings[0].words == f"could not look: {error}"
    assert failed.findings[0].repair


async def test_a_check_that_takes_too_long_is_a_finding(parts: Parts) -> None:
    async def hang(_: Patient) -> Sequence[Finding]:
        await asyncio.Event().wait()
        return []

    slow, fine = await examine(parts.patient(), [Check("hangs", "x", hang), Check("works", "x", well)], 0.05)
    assert (slow.findings[0].words, fine.verdict) == ("not done within 0.05 s", "ok")
