"""A plugin of pytest: of everything that was collected, only what runs on what the variables name."""

from pathlib import Path

import pytest

# The suites name their places so; see `tests/contract/conftest.py`.
_PLACES = {"azure", "azure_workspace"}
CONFORMANCE = Path("tests/local/eventhubs/conformance").resolve()


def _is_live(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    of_the_wire = CONFORMANCE in item.path.parents and "connection" in getattr(item, "fixturenames", ())
    return of_the_wire or bool(call and _PLACES & {str(value) for value in call.params.values()})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if not _is_live(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if _is_live(item)]
