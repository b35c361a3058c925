"""What a test is given: values of environment variables, as keyword arguments that it takes or leaves."""

import functools
import inspect
import os
import types
from collections.abc import Callable
from typing import Any

from .signing_in import LOCAL

type Test = Callable[..., Any]


class Hidden:
    """A value that is not printed."""

    def __init__(self, secret: str) -> None:
        self.secret = secret


class TableAccount(str):
    """An account's name; where it is served is looked for here first."""

    @property
    def primary_endpoints(self) -> types.SimpleNamespace:
        """By path: Azurite reads the addresses within a transaction of rows in no other way."""
        return types.SimpleNamespace(table=f"https://127.0.0.1:{LOCAL['table_port']}/{self}")


class EnvironmentVariableOptions:
    """Which of the variables are secret."""

    def __init__(self, *, hide_secrets: list[str] | None = None) -> None:
        self.hide_secrets = hide_secrets or []


def taken(test: Test, given: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments that a test has parameters for."""
    parameters = inspect.signature(test).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return given
    return {name: value for name, value in given.items() if name in parameters}


def recorded_by_proxy(test: Test) -> Test:
    """Run a test with what it takes. Nothing is recorded: it begins without variables of an earlier run."""

    @functools.wraps(test)
    def run(*args: Any, **given: Any) -> None:
        test(*args, **taken(test, {"variables": {}, **given}))

    return run


def recorded_by_proxy_async(test: Test) -> Test:
    """The same for an asynchronous test."""

    @functools.wraps(test)
    async def run(*args: Any, **given: Any) -> None:
        await test(*args, **taken(test, {"variables": {}, **given}))

    return run


def _without(names: list[str], run: Test) -> Test:
    """What the test is given here is no fixture of pytest's."""
    shown = inspect.signature(run)
    left = [each for name, each in shown.parameters.items() if name not in names]
    run.__signature__ = shown.replace(parameters=left)  # type: ignore[attr-defined]
    return run


class EnvironmentVariableLoader:
    """Gives a test the variables that begin with its directory's name; called with it, as a decorator is."""

    def __init__(self, directory: str, *, options: EnvironmentVariableOptions | None = None, **fakes: Any) -> None:
        self._names = [name for name in fakes if directory in name]
        self._hidden = options.hide_secrets if options else []

    def _values(self) -> dict[str, Any]:
        return {name: self._value(name, os.environ[name.upper()]) for name in self._names}

    def _value(self, name: str, value: str) -> Any:
        if name in self._hidden:
            return Hidden(value)
        return TableAccount(value) if name == "tables_storage_account_name" else value

    def __call__(self, test: Test) -> Test:
        if inspect.iscoroutinefunction(test):

            @functools.wraps(test)
            async def run_async(case: Any, **given: Any) -> None:
                await test(case, **given, **self._values())

            return _without(self._names, run_async)

        @functools.wraps(test)
        def run(case: Any, **given: Any) -> None:
            test(case, **given, **self._values())

        return _without(self._names, run)


PowerShellPreparer = EnvironmentVariableLoader
