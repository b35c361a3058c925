"""Changing what serves."""

from typing import ClassVar

from shared.ports import Manifest, ServingManifests
from shared.reactor import Effect, Occasion


class SwapManifest(Effect):
    """Make `manifest` current over the generation before its own; superseded when another one is current."""

    kind: ClassVar[str] = "swap_manifest"
    manifest: Manifest

    async def perform(self, occasion: Occasion, manifests: ServingManifests) -> None:
        written = self.manifest.model_copy(update={"changed_by": occasion.key, "changed_at": occasion.decided_at})
        await manifests.swap(written)
