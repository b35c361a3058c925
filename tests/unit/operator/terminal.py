"""`sluice` as an operator runs it, with the whole control plane behind it in memory: what is sent is obeyed at once."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from function_app.operator.__main__ import app
from function_app.operator.connections import Store
from shared.adapters.memory.seals import MemorySeals
from shared.events import Envelope, Event, canonical
from shared.ports import (
    Archive,
    Folds,
    Hub,
    LaneBook,
    LetterBodies,
    LetterBook,
    PolicyBook,
    PolicyOnRecord,
    Positions,
    ServingManifests,
)
from shared.settings.operator import OperatorSettings
from tests.support.builders import INVENTORY, NOW, envelope, urlsafe
from tests.support.world import POLICY, World

REASON = ("--operator", "petra@example.com", "--reason", "looking into it")
WORKSPACES = {"WORKSPACES": json.dumps([each.model_dump(mode="json") for each in INVENTORY])}
_STORAGE = (
    f"AccountName=a;AccountKey={urlsafe(b'key')};BlobEndpoint=http://a;TableEndpoint=http://a;QueueEndpoint=http://a"
)


class Terminal:
    """`answers`: control obeys; otherwise what is sent lies on the hub. `sent` holds all commands."""

    def __init__(self) -> None:
        self.world = World()
        self.answers = True
        self.sent: list[Envelope[Any]] = []

    async def start(self) -> None:
        """Control keeps the policy that it decides by before anything else."""
        digest = await self.world.evidence.keep(canonical(POLICY.model_dump(mode="json")))
        await self.world.ports[PolicyBook].put(PolicyOnRecord(digest, 1, NOW))

    async def happen(self, event: Event, id: str, hub: Hub = "events") -> None:
        """An event, and all that follows from it at once."""
        await self.world.hubs.publish(hub, [envelope(event, id=id, time=self.world.clock.now())])
        await self.settle()

    async def settle(self) -> None:
        while self.world.hubs.waiting:
            for delivery in list(self.world.hubs.waiting):
                await self.world.deliver(delivery)

    async def publish(self, hub: Hub, envelopes: Sequence[Envelope[Any]]) -> None:
        self.sent += envelopes
        await self.world.hubs.publish(hub, envelopes)
        if self.answers:
            await self.settle()

    async def close(self) -> None:
        return

    def sluice(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    def attach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in for storage account and hub."""
        world = self.world
        of = world.ports
        book = of[LetterBook], of[LetterBodies], of[PolicyBook], of[ServingManifests], of[Positions], of[LaneBook]
        store = Store(world.ledger, of[Archive], MemorySeals(), world.evidence, world.brakes, *book, of[Folds])
        monkeypatch.setattr(Store, "of", lambda clients: store)
        monkeypatch.setattr("function_app.operator.ordering.orders.EventHubPublisher", lambda connections: self)
        for name in [*OperatorSettings.model_fields, "sluice_local"]:
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv("SLUICE_STORAGE", _STORAGE)
        monkeypatch.setenv("COMMANDS", "hub decisions")
        for name, value in WORKSPACES.items():
            monkeypatch.setenv(name, value)
