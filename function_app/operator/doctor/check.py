"""A check, and all there are."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from function_app.operator.doctor import checks
from function_app.operator.doctor.finding import Finding
from function_app.operator.doctor.patient import Patient


@dataclass(frozen=True, slots=True)
class Check:
    """`tried` says what is looked at, in words. `look` may raise `Unavailable` or `Refused`: that is a finding, too."""

    name: str
    tried: str
    look: Callable[[Patient], Awaitable[Sequence[Finding]]]


def all_checks() -> dict[str, Check]:
    """By name. A module of the folder is a check by being there."""
    modules = [import_module(f"{checks.__name__}.{found.name}") for found in iter_modules(checks.__path__)]
    found: list[Check] = [module.check for module in modules]
    return {check.name: check for check in sorted(found, key=lambda check: check.name)}
