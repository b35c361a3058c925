"""Loads the fixtures that several rooms share, and says which tests run side by side."""

import pytest

pytest_plugins = ["tests.support.eventhubs", "tests.support.azurite"]

# Rooms whose tests run a whole system: one after the other, and first, since they take longest.
_WHOLE_SYSTEM = (
    "tests/journeys/",
    "tests/faults/",
    "tests/local/test_lifecycle.py",
    "tests/local/test_packaged_apps.py",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests of one file stay together on one worker (`make test` runs several); whole systems share one."""
    whole = item.nodeid.startswith(_WHOLE_SYSTEM)
    item.add_marker(pytest.mark.xdist_group("whole-system" if whole else item.nodeid.partition("::")[0]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_WHOLE_SYSTEM))
