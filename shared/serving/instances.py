"""What scoring instances reported last: folded from hub `predictions`, merged over its partitions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.events import EndpointRef, Envelope, GoldenProof, ModelLoadFailed, ServingReported, Unreadable, decode
from shared.ports import Folded, Message
from shared.reactor import FoldResult, State

# An instance that has been silent for longer is forgotten, so that the state stays small however often apps scale.
_FORGET = timedelta(minutes=10)


class Instance(BaseModel):
    """`failed` is the newest generation that this instance could not load, `why` its reason.

    `proofs` are what its newest report says of golden rows, by the package's digest.
    """

    model_config = ConfigDict(frozen=True)

    generation: int = 0
    at: datetime
    failed: int = 0
    why: str = ""
    proofs: dict[str, GoldenProof] = {}


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
    return known.model_copy(update={"at": at, "generation": envelope.data.generation, "proofs": _proofs(envelope.data)})


def _proofs(report: ServingReported) -> dict[str, GoldenProof]:
    return {version.package.digest: version.golden for version in report.versions if version.golden}


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
