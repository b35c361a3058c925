"""Several endpoints in one process: each has its manifest, its counts and its capture; a model's name tells them apart.

With one endpoint, doors are given its `Scorer` itself.
"""

from collections.abc import Sequence

from services.scoring.answering import metadata
from services.scoring.answering.inference_server import InferenceServer, Reply
from services.scoring.answering.listing import models, repository_index
from services.scoring.answering.openapi import openapi
from services.scoring.answering.scorer import Scorer
from services.scoring.model.table import Table, absent, is_ready
from services.scoring.protocol.answers import Answer


class Endpoints(InferenceServer):
    """No two of them serve models of the same name: see `is_taken`. More may `join`.

    `is_complete`: all that there are at the start have joined. Until then it is not ready, and says so of any model.
    """

    def __init__(self, scorers: Sequence[Scorer], *, is_complete: bool = True) -> None:
        self._scorers = tuple(scorers)
        self.is_complete, self._was_ready = is_complete, False
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
        """An endpoint that has nothing to serve makes no other one unready, and none that came after it was ready."""
        tables = [each for each in self._tables if each.standing.is_final or not self._was_ready]
        self._was_ready = is_ready(tables)
        return metadata.readiness(self._was_ready)

    def models(self) -> Answer:
        return models(self._tables)

    def repository_index(self, body: bytes) -> Answer:
        return repository_index(self._tables, body)

    @property
    def _tables(self) -> list[Table]:
        unknown = () if self.is_complete else (Table(),)
        return [*(scorer.table for scorer in self._scorers), *unknown]

    def server(self) -> Answer:
        return metadata.server_metadata()

    def openapi(self) -> Answer:
        tables = self._tables
        versions = tuple(version for table in tables for version in table.versions)
        return openapi(Table(generation=sum(table.generation for table in tables), versions=versions))

    def model(self, name: str, number: str | None = None) -> Answer:
        found = self._find(name)
        return found.model(name, number) if found else self._missing(name)

    def model_ready(self, name: str, number: str | None = None) -> Answer:
        found = self._find(name)
        return found.model_ready(name, number) if found else self._missing(name)

    def _missing(self, name: str) -> Answer:
        """What there is to say of one that none of them has loaded, with all that is served here."""
        return absent(name, self._tables).answer()

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
