"""What scoring instances reported last: folded from hub `predictions`, merged over its partitions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.events import Envelope, GoldenProof, ModelLoadFailed, ServingReported, VersionReport
from shared.reactor import FoldResult, Row, State

# An instance that has been silent for longer is forgotten, so that the state stays small however often apps scale.
_FORGET = timedelta(minutes=10)
REPORTS = (ServingReported, ModelLoadFailed)


class Instance(BaseModel):
    """`failed` is the newest generation that this instance could not load, `why` its reason.

    `versions` are the counts and proofs of the newest report, by package digest.
    """

    model_config = ConfigDict(frozen=True)

    generation: int = 0
    at: datetime
    failed: int = 0
    why: str = ""
    versions: dict[str, VersionReport] = {}

    def proof(self, digest: str) -> GoldenProof | None:
        """What its newest report says of this package's golden rows."""
        report = self.versions.get(digest)
        return report.golden if report else None


class Instances(State):
    """Those of one endpoint, by instance id."""

    found: dict[str, Instance] = {}


async def fold_reports(state: Instances, rows: Sequence[Row]) -> FoldResult[Instances]:
    found = dict(state.found)
    for row in rows:
        name = row.envelope.data.instance
        found[name] = _updated(found.get(name), row.envelope)
    return FoldResult(Instances(found=_recent(found)))


def _updated(before: Instance | None, envelope: Envelope[Any]) -> Instance:
    known = before or Instance(at=envelope.time)
    at = max(known.at, envelope.time)
    if isinstance(envelope.data, ModelLoadFailed):
        return known.model_copy(update={"at": at, "failed": envelope.data.generation, "why": envelope.data.reason})
    if envelope.time < known.at:
        return known
    versions = {report.package.digest: report for report in envelope.data.versions}
    return known.model_copy(update={"at": at, "generation": envelope.data.generation, "versions": versions})


def _recent(found: dict[str, Instance]) -> dict[str, Instance]:
    newest = max((instance.at for instance in found.values()), default=None)
    return {name: instance for name, instance in found.items() if newest and newest - instance.at < _FORGET}


def live(parts: Iterable[Instances | None], since: datetime) -> dict[str, Instance]:
    """Instances heard of at or after `since`; where partitions differ, the newer word counts."""
    merged: dict[str, Instance] = {}
    for part in parts:
        for name, instance in (part.found if part else {}).items():
            merged[name] = _merged(merged[name], instance) if name in merged else instance
    return {name: instance for name, instance in sorted(merged.items()) if instance.at >= since}


def _merged(one: Instance, other: Instance) -> Instance:
    older, newer = sorted((one, other), key=lambda instance: instance.at)
    failure = max(older, newer, key=lambda instance: instance.failed)
    return newer.model_copy(update={"failed": failure.failed, "why": failure.why})
