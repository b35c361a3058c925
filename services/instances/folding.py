"""The newest word of each scoring instance."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.events import Envelope, ModelLoadFailed
from shared.ports import Instance
from shared.reactor import FoldResult, Row
from shared.serving import Instances

# An instance that has been silent for longer is forgotten, so that the state stays small however often apps scale.
_FORGET = timedelta(minutes=10)


async def fold_reports(state: Instances, rows: Sequence[Row]) -> FoldResult[Instances]:
    """All rows are of one endpoint."""
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
