"""The control app as it is deployed, except that it dies at the steps that the plan names.

The real `function_app/control/function_app.py` is loaded from its file; before that, each adapter it takes is replaced
by one that makes the real adapter and puts it behind a `Crashing`.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.adapters import ADAPTERS
from tests.faults.crashing import Crashing, Plan

REPOSITORY = Path(__file__).resolve().parents[4]


def crashing(port: str, make: Callable[..., Any], plan: Plan) -> Callable[..., Any]:
    """Makes what `make` makes, behind a `Crashing`."""
    return lambda *given, **named: Crashing(port, make(*given, **named), plan)


def load_control() -> ModuleType:
    """The real app's module, executed in this process."""
    plan = Plan(Path(os.environ["SLUICE_TEST_PLAN"]))
    for port, (module, name) in ADAPTERS.items():
        adapters = importlib.import_module(module)
        setattr(adapters, name, crashing(port, getattr(adapters, name), plan))
    path = REPOSITORY / "function_app" / "control" / "function_app.py"
    spec = importlib.util.spec_from_file_location("control_as_deployed", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    control = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(control)
    return control


app = load_control().app
