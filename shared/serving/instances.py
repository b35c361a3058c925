"""What scoring instances reported last: folded from hub `predictions`, merged over its partitions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.events import (
    EndpointRef,
    Envelope,
    GoldenProof,
    ModelLoadFailed,
    ServingReported,
    Unreadable,
    VersionReport,
    decode,
)
from shared.ports import Folded, Message
from shared.reactor import FoldResult, State

# An instance that has been silent for longer is forgotten, so that the state stays small however often apps scale.
_FORGET = timedelta(minutes=10)
# Nearly all of this hub is captured rows, half a megabyte a block: to look for a name costs far less than to decode.
_TYPES = tuple(f'"{kind.type}"'.encode() for kind in (ServingReported, ModelLoadFailed))


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
    """By endpoint entity, then by instance id."""

    endpoints: dict[str, dict[str, Instance]] = {}


async def fold_reports(state: Instances, messages: Sequence[Message]) -> FoldResult[Instances]:
    endpoints = {name: dict(found) for name, found in state.endpoints.items()}
    for message in messages:
        envelope = _report(message)
        if envelope is not None:
            found = endpoints.setdefault(str(envelope.data.entity), {})
            name = envelope.data.instance
            found[name] = _updated(found.get(name), envelope)
    return FoldResult(Instances(endpoints={name: _recent(found) for name, found in endpoints.items()}))


def _report(message: Message) -> Envelope[Any] | None:
    """Other readers of this hub keep what is unreadable; here it is only passed over."""
    if not any(name in message.body for name in _TYPES):
        return None
    try:
        envelope = decode(message.body)
    except Unreadable:
        return None
    return envelope if isinstance(envelope.data, ServingReported | ModelLoadFailed) else None


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


def live(folded: Iterable[Folded], endpoint: EndpointRef, since: datetime) -> dict[str, Instance]:
    """Instances heard of at or after `since`; where partitions differ, the newer word counts."""
    found: dict[str, Instance] = {}
    for part in folded:
        reports = Instances.model_validate(part.state).endpoints.get(str(endpoint.entity), {})
        for name, instance in reports.items():
            found[name] = _merged(found[name], instance) if name in found else instance
    return {name: instance for name, instance in sorted(found.items()) if instance.at >= since}


def _merged(one: Instance, other: Instance) -> Instance:
    older, newer = sorted((one, other), key=lambda instance: instance.at)
    failure = max(older, newer, key=lambda instance: instance.failed)
    return newer.model_copy(update={"failed": failure.failed, "why": failure.why})
