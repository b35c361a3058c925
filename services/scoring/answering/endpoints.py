"""Several endpoints in one process: each has its manifest, its counts and its capture; a model's name tells them apart.

With one endpoint, doors are given its `Scorer` itself.
"""

from collections.abc import Sequence

from services.scoring.answering import metadata
from services.scoring.answering.inference_server import InferenceServer, Reply
from services.scoring.answering.openapi import openapi
from services.scoring.answering.scorer import Scorer
from services.scoring.model.table import Table
from services.scoring.protocol.answers import Answer, Problem


class Endpoints(InferenceServer):
    """No two of them serve models of the same name: see `is_taken`.

    `may_grow`: more may `join`, none is waited for, and whoever serves something is ready.
    """

    def __init__(self, scorers: Sequence[Scorer], *, may_grow: bool = False) -> None:
        self._scorers = tuple(scorers)
        self._enough = any if may_grow else all
        self._known: dict[str, Scorer] = {}

    def join(self, scorer: Scorer) -> None:
        """One more, from any thread: what is being answered goes on with those that were there."""
        self._scorers = (*self._scorers, scorer)

    def is_taken(self, name: str, by_other_than: Scorer) -> bool:
        """Whether another endpoint serves a model of this name already."""
        return any(_serves(scorer, name) for scorer in self._scorers if scorer is not by_other_than)

    def _find(self, name: str) -> Scorer | None:
        """However many endpoints there are, a request looks at one of them."""
        found = self._known.get(name)
        if found is None or not _serves(found, name):
            found = next((scorer for scorer in self._scorers if _serves(scorer, name)), None)
            if found is not None:
                self._known[name] = found
        return found

    def live(self) -> Answer:
        return metadata.LIVE

    def ready(self) -> Answer:
        """When each of them is, or where they may grow, one."""
        return metadata.readiness(self._enough(bool(scorer.table.routes) for scorer in self._scorers))

    def server(self) -> Answer:
        return metadata.server_metadata()

    def openapi(self) -> Answer:
        tables = [scorer.table for scorer in self._scorers]
        versions = tuple(version for table in tables for version in table.versions)
        return openapi(Table(generation=sum(table.generation for table in tables), versions=versions))

    def model(self, name: str, number: str | None = None) -> Answer:
        found = self._find(name)
        return found.model(name, number) if found else self._missing(name)

    def model_ready(self, name: str, number: str | None = None) -> Answer:
        found = self._find(name)
        return found.model_ready(name, number) if found else self._missing(name)

    def _missing(self, name: str) -> Answer:
        """404 with all that is served here, once enough endpoints serve something."""
        if not self._enough(bool(scorer.table.versions) for scorer in self._scorers):
            return Problem(503, "an endpoint of this process has no model loaded yet", retry_after_s=1).answer()
        served = sorted({known for scorer in self._scorers for known in scorer.table.names})
        return Problem(404, f"model {name[:100]!r} is not served here; served: {', '.join(served)}").answer()

    def submit(
        self,
        name: str,
        number: str | None,
        body: bytes,
        reply: Reply,
        *,
        header_length: int | None = None,
        sticky: str | None = None,
    ) -> None:
        found = self._find(name)
        if found is None:
            return reply(self._missing(name))
        found.submit(name, number, body, reply, header_length=header_length, sticky=sticky)


def _serves(scorer: Scorer, name: str) -> bool:
    return any(version.name == name for version in scorer.table.versions)
