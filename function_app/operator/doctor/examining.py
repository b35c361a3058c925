"""Running checks side by side: each has its time, and what keeps one from looking is its finding."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, Verdict, broken, worst
from function_app.operator.doctor.patient import Patient
from shared.ports import Absent, Refused, Unavailable
from shared.settings.operator import NoSettings

_REACH = "is it running (make status), may this identity read it, and does its setting lead there?"
_NEEDS = "docs/operating.md says what it holds; locally `make up`, and --run-dir"


@dataclass(frozen=True, slots=True)
class Examined:
    """A check, and all that it found."""

    check: Check
    findings: Sequence[Finding]

    @property
    def verdict(self) -> Verdict:
        return worst(list(self.findings))


async def examine(patient: Patient, checks: Iterable[Check], timeout_s: float) -> list[Examined]:
    """In the order of the checks."""
    return list(await asyncio.gather(*(_one(patient, check, timeout_s) for check in checks)))


async def _one(patient: Patient, check: Check, timeout_s: float) -> Examined:
    try:
        async with asyncio.timeout(timeout_s):
            return Examined(check, await check.look(patient))
    except TimeoutError:
        return Examined(check, [broken(f"not done within {timeout_s:g} s", f"{_REACH} --timeout gives it longer")])
    except (Unavailable, Absent, Refused) as error:
        return Examined(check, [broken(f"could not look: {error}", _REACH)])
    except NoSettings as error:
        return Examined(check, [broken(f"could not look: {error}", _NEEDS)])
