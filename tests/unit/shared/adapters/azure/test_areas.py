"""Areas of a workspace: one that hangs takes no thread from another, nor from another workspace."""

import asyncio
import threading
from typing import Any

import pytest

from shared.adapters.azure.machine_learning import workspaces as module
from shared.adapters.azure.machine_learning.workspaces import Area, AzureMLWorkspaces
from shared.ports import Unavailable
from tests.support.eventually import eventually

_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/"
FIRST, SECOND = f"{_ID}first", f"{_ID}second"


@pytest.fixture
def workspaces(monkeypatch: pytest.MonkeyPatch) -> AzureMLWorkspaces:
    # What is called does nothing with its client, so there is none.
    monkeypatch.setattr(module, "_open", lambda *_: None)
    return AzureMLWorkspaces([FIRST, SECOND], threads=1)


@pytest.mark.parametrize(("slow", "other"), [("models", "jobs"), ("jobs", "models")])
async def test_an_area_that_hangs_keeps_nobody_else_waiting(
    workspaces: AzureMLWorkspaces, slow: Area, other: Area, caplog: pytest.LogCaptureFixture
) -> None:
    go_on, begun = threading.Event(), list[str]()

    def hang(_client: Any) -> str:
        begun.append(slow)
        go_on.wait(60)
        return "late"

    hanging = [asyncio.create_task(workspaces.call(FIRST, slow, "hang", hang)) for _ in range(65)]
    await asyncio.to_thread(eventually, lambda: begun)
    with pytest.raises(Unavailable, match=f"azure-ml-first-{slow}: 65 calls are under way"):
        await workspaces.call(FIRST, slow, "look", lambda _: "too late")
    assert await workspaces.call(FIRST, other, "look", lambda _: "unharmed") == "unharmed"
    assert await workspaces.call(SECOND, slow, "look", lambda _: "unharmed") == "unharmed"
    hanging[0].cancel()
    await asyncio.gather(hanging[0], return_exceptions=True)
    assert f"azure-ml-first-{slow}: 1 calls that were given up still hold a thread" in caplog.text
    go_on.set()
    assert await asyncio.gather(*hanging[1:]) == ["late"] * 64
    workspaces.close()
