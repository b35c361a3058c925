"""Are the installed packages those of the lock?"""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok
from function_app.operator.doctor.patient import Patient

_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_INSTALL = "python -m pip install --require-hashes -r requirements.txt (in a clone: make setup)"


async def look(patient: Patient) -> Sequence[Finding]:
    pinned = _PINNED.findall(patient.lock.read_text()) if patient.lock.exists() else []
    if not pinned:
        return [broken(f"{patient.lock.name} of this installation is missing or pins nothing", _INSTALL)]
    return [*_wrong(pinned)] or [ok(f"{len(pinned)} packages as requirements.txt pins them")]


def _wrong(pinned: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    for name, wanted in pinned:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        if found != wanted:
            yield broken(f"{name} is {found}, the lock says {wanted}", _INSTALL)


check = Check("packages", "each package that requirements.txt pins against what is installed here", look)
