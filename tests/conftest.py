"""Loads the fixtures that several rooms share, and says which tests run side by side."""

import signal
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

pytest_plugins = [
    "tests.support.eventhubs",
    "tests.support.azurite",
    "tests.support.chromium",
    "tests.support.figures",
    "tests.support.observations",
]

# A busy machine is no bug: how long an example takes is nothing that a property says.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def _survive(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


# Behind `nohup` or `&` these are ignored, and what tests start would inherit that and never hear them. What is handled
# is not inherited.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _survive)

# Rooms whose tests run a whole system: one after the other, and first, since they take longest.
_WHOLE_SYSTEM = (
    "tests/journeys/",
    "tests/faults/",
    "tests/local/test_lifecycle.py",
    "tests/local/test_packaged_apps.py",
)


class WholeSystemsApart(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Tests of one file stay together on one worker; those that run a whole system all share one."""

    def _split_scope(self, nodeid: str) -> str:
        return "whole system" if nodeid.startswith(_WHOLE_SYSTEM) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> WholeSystemsApart:
    return WholeSystemsApart(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_WHOLE_SYSTEM))
