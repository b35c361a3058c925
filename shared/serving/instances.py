"""What scoring instances reported last: folded from hub `predictions` by endpoint, merged over its partitions."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from shared.events import EndpointRef
from shared.ports import Folds, Instance
from shared.reactor import State, folded_states

# The fold that writes it: a service.
FOLD = "instances"


class Instances(State):
    """Those of one endpoint, by instance id."""

    found: dict[str, Instance] = {}


class FoldedInstances:
    """`LiveInstances` out of what is folded."""

    def __init__(self, folds: Folds) -> None:
        self._folds = folds

    async def of(self, endpoint: EndpointRef, since: datetime) -> Mapping[str, Instance]:
        parts = await folded_states(self._folds, FOLD, "predictions", endpoint.entity, Instances)
        return live(parts.values(), since)


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
