"""A team's own checks (R037): pytest files `tests/*.py` of the package, each test a check of its own."""

from collections.abc import Mapping

from function_app.jobs.sandbox import ModelFailed, Sandbox
from function_app.jobs.staging.results import failed, inconclusive, passed
from shared.events import CheckResult

_FOLDER = "tests/"


def check_own_tests(files: Mapping[str, bytes], sandbox: Sandbox) -> list[CheckResult]:
    """They run as the model does: in a process of bounded time and memory that knows no secret."""
    if not any(name.startswith(_FOLDER) and name.endswith(".py") for name in files):
        return []
    try:
        found = sandbox.tests(files)
    except ModelFailed as failure:
        return [failed("tests.run", f"the package's own tests could not be run: {failure}")]
    return [_check(f"tests.{name.replace('.py::', '.')}", outcome, said) for name, (outcome, said) in found.items()]


def _check(name: str, outcome: str, said: str) -> CheckResult:
    if outcome == "passed":
        return passed(name, "the team's own test passed")
    if outcome == "skipped":
        return inconclusive(name, f"it was skipped: {said}")
    return failed(name, said)
