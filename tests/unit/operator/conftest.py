"""A terminal with the control plane behind it."""

import asyncio

import pytest

from tests.unit.operator.terminal import Terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    asyncio.run(found.start())
    found.attach(monkeypatch)
    return found
