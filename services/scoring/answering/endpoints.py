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
    """No two of them serve models of the same name: see `is_taken`."""

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        self._scorers = tuple(scorers)

    def is_taken(self, name: str, by_other_than: Scorer) -> bool:
        """Whether another endpoint serves a model of this name already."""
        return any(name in scorer.table.names for scorer in self._scorers if scorer is not by_other_than)

    def _of(self, name: str) -> Scorer:
        return next((scorer for scorer in self._scorers if name in scorer.table.names), self._scorers[0])

    def live(self) -> Answer:
        return metadata.LIVE

    def ready(self) -> Answer:
        """An endpoint that has nothing to serve makes no other one unready."""
        return metadata.readiness(is_ready(self._tables))

    def models(self) -> Answer:
        return models(self._tables)

    def repository_index(self, body: bytes) -> Answer:
        return repository_index(self._tables, body)

    @property
    def _tables(self) -> list[Table]:
        return [scorer.table for scorer in self._scorers]

    def server(self) -> Answer:
        return metadata.server_metadata()

    def openapi(self) -> Answer:
        tables = self._tables
        versions = tuple(version for table in tables for version in table.versions)
        return openapi(Table(generation=sum(table.generation for table in tables), versions=versions))

    def model(self, name: str, number: str | None = None) -> Answer:
        return self._missing(name) or self._of(name).model(name, number)

    def model_ready(self, name: str, number: str | None = None) -> Answer:
        return self._missing(name) or self._of(name).model_ready(name, number)

    def _missing(self, name: str) -> Answer | None:
        """None when one of them has it loaded; else what there is to say of it, with all that is served here."""
        if any(name in scorer.table.names for scorer in self._scorers):
            return None
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
        missing = self._missing(name)
        if missing is not None:
            return reply(missing)
        self._of(name).submit(name, number, body, reply, header_length=header_length, sticky=sticky)
