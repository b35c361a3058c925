"""A processor's claims of partitions: one round at a time, and none is left behind when the processor ends."""

import asyncio
from typing import Any


class Claims:
    """Stands before the SDK's ownership manager, whose rounds go on beside the end of its processor.

    A round that lands after the partitions were given back leaves a claim that nobody serves until it expires. One that
    lands in between makes giving back fail, for the claim is then another version than the one that is given back.
    """

    def __init__(self, manager: Any, owner_id: str) -> None:
        manager.owner_id = owner_id
        self._manager = manager
        self._round = asyncio.Lock()
        self._ended = False

    async def claim_ownership(self) -> list[str]:
        async with self._round:
            return [] if self._ended else list(await self._manager.claim_ownership())

    async def get_checkpoints(self) -> dict[str, dict[str, Any]]:
        return dict(await self._manager.get_checkpoints())

    async def release_ownership(self, partition_id: str) -> None:
        await self._manager.release_ownership(partition_id)

    async def end(self) -> None:
        """Returns when no round is under way, and none begins from here."""
        self._ended = True
        async with self._round:
            pass

    async def release_all(self) -> None:
        """Also what no task served yet: the SDK gives back only where one has begun."""
        for claim in list(self._manager.owned_partitions):
            await self._manager.release_ownership(claim["partition_id"])
