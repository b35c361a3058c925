"""Registration's own effects on the world."""

from typing import ClassVar

from shared.events import Digest
from shared.ports import Approvals, ModelPackages
from shared.reactor import Effect


class AdoptPackage(Effect):
    """Keep the package at `location` under `digest`; refused when the files there are no longer those."""

    kind: ClassVar[str] = "adopt_package"
    location: str
    digest: Digest

    async def perform(self, packages: ModelPackages) -> None:
        await packages.adopt(self.digest, await packages.fetch(self.location))


class NoteRequesters(Effect):
    """Keep who asked for this package: of whatever is asked about it from now on, they are not among those who answer.

    It is kept also where the rest is held, for holding leads to the first such question.
    """

    kind: ClassVar[str] = "note_requesters"
    bookkeeping: ClassVar[bool] = True
    package: Digest
    requesters: tuple[str, ...]

    async def perform(self, approvals: Approvals) -> None:
        await approvals.note_requesters(self.package, self.requesters)
