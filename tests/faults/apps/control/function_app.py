"""The control app as it is deployed, except that it dies at the steps that the plan names, and meets what is poisoned.

The real `function_app/control/function_app.py` is loaded from its file; before that, each adapter it takes is replaced
by one that makes the real adapter and puts it behind a `Crashing`. With `SLUICE_TEST_NEWER` it is a newer build, whose
effect `submit_job` has a version 2.
"""

import functools
import importlib.util
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from shared.adapters import table
from shared.adapters.notify import notifiers
from shared.reactor import SubmitJob
from tests.faults.adapters import TABLE, plan_name
from tests.faults.crashing import Crashing, Plan, Poison

REPOSITORY = Path(__file__).resolve().parents[4]


def crashing(port: str, make: Callable[..., Any], plan: Plan, poisons: Sequence[Poison]) -> Callable[..., Any]:
    """Makes what `make` makes, of the same arguments, behind a `Crashing`."""

    @functools.wraps(make, updated=())
    def made(*given: object, **named: object) -> Crashing:
        return Crashing(port, make(*given, **named), plan, poisons)

    return made


def load_control() -> ModuleType:
    """The real app's module, executed in this process."""
    plan = Plan(Path(os.environ["SLUICE_TEST_PLAN"]))
    poisons = [Poison(**each) for each in json.loads(os.environ.get("SLUICE_TEST_POISONS", "[]"))]
    if "SLUICE_TEST_NEWER" in os.environ:
        SubmitJob.version = 2
    guarded = {port: crashing(plan_name(port), adapter, plan, poisons) for port, adapter in TABLE.items()}
    table.adapters_in = lambda package: guarded
    notifiers.notifier = crashing("notifier", notifiers.notifier, plan, poisons)
    path = REPOSITORY / "function_app" / "control" / "function_app.py"
    spec = importlib.util.spec_from_file_location("control_as_deployed", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    control = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(control)
    return control


app = load_control().app
