"""All resources, keyed by lower-case path `workspace/kind/name/...`, in order of creation."""

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.local.azure_ml.index import Index
from infra.local.azure_ml.journal import Journal, Record

Json = dict[str, Any]
# Name and type of the identity whose request is being answered; without a name in the emulator's own work.
CALLER: ContextVar[tuple[str, str]] = ContextVar("caller", default=("", "Application"))


@dataclass
class Resource:
    """`body` is what a GET answers; `meta` is what only the emulator knows (definition, process, pending change)."""

    path: str
    body: Json
    meta: Json = field(default_factory=dict)
    seq: int = 0

    @property
    def workspace(self) -> str:
        return self.path.split("/", 1)[0]

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def properties(self) -> Json:
        properties: Json = self.body["properties"]
        return properties


class Resources:
    def __init__(self, journal: Journal, records: Iterable[Record] = ()) -> None:
        self._journal = journal
        self._items: dict[str, Resource] = {}
        self._index = Index[Resource]()
        self._seq = 0
        for kind, value in records:
            if kind == "put":
                self._remember(Resource(**value))
            elif kind == "delete":
                self._items.pop(value["key"], None)

    def get(self, path: str) -> Resource | None:
        return self._items.get(path.lower())

    def put(self, resource: Resource) -> Resource:
        if not resource.seq:
            self._seq += 1
            resource.seq = self._seq
        self._journal.append("put", asdict(resource))
        self._remember(resource)
        self._index.note(resource.path.lower(), resource)
        return resource

    def delete(self, path: str) -> None:
        """Remove the resource and everything below it."""
        key = path.lower()
        for below in [item for item in self._items if item == key or item.startswith(f"{key}/")]:
            self._journal.append("delete", {"key": below})
            del self._items[below]
            self._index.note(below, None)

    def children(self, path: str) -> Iterator[Resource]:
        """Direct members of a collection, oldest first."""
        return _members(path, self._items.items())

    def indexed(self, path: str) -> Iterator[Resource]:
        """The same as lists show it, which may be a while ago."""
        return _members(path, self._index.shown(self._items.items()))

    def lag_lists(self, seconds: float) -> None:
        """From now on, lists hear of a change so much later."""
        self._index.lag(seconds, self._items)

    @property
    def lag_s(self) -> float:
        return self._index.lag_s

    def all(self) -> list[Resource]:
        return sorted(self._items.values(), key=lambda item: item.seq)

    def records(self) -> list[Record]:
        return [("put", asdict(item)) for item in self.all()]

    def _remember(self, resource: Resource) -> None:
        self._items[resource.path.lower()] = resource
        self._seq = max(self._seq, resource.seq)


def _members(path: str, items: Iterable[tuple[str, Resource]]) -> Iterator[Resource]:
    prefix = f"{path.lower()}/"
    found = [item for key, item in items if key.startswith(prefix) and "/" not in key[len(prefix) :]]
    return iter(sorted(found, key=lambda item: item.seq))


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def system_data(previous: Resource | None = None) -> Json:
    """Who and when; the client fails on endpoints without `createdAt` and `lastModifiedAt`."""
    now, (who, kind) = utc_now(), CALLER.get()
    created = {"createdAt": now, "createdBy": who, "createdByType": kind}
    first = previous.body["systemData"] if previous else created
    kept = {key: first.get(key, "") for key in created}
    return {**kept, "lastModifiedAt": now, "lastModifiedBy": who, "lastModifiedByType": kind}
