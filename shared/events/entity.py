"""What an event is about, in one canonical spelling: the unit of ordering, of state and of the ledger's chains."""

from functools import lru_cache
from hashlib import sha256
from typing import Annotated, NamedTuple
from urllib.parse import quote, unquote

from pydantic import AfterValidator


class Entity(NamedTuple):
    """A thing in a workspace: `workspace` is its full resource id, `kind` one of model, endpoint, job, approval, ..."""

    workspace: str
    kind: str
    name: str

    @classmethod
    def of(cls, workspace: str, kind: str, name: str) -> "Entity":
        """Azure repeats resource ids in varying case, so the canonical form is lower case."""
        return _canonical(workspace, kind, name)

    @classmethod
    def parse(cls, text: str) -> "Entity":
        """Read what `str(entity)` wrote; raise `ValueError` for anything else."""
        parts = text.split("|")
        if len(parts) != 3 or not all(parts[1:]):
            raise ValueError(f"entity: expected workspace|kind|name, found {text!r}")
        return cls.of(*(unquote(part) for part in parts))

    def __str__(self) -> str:
        return _spelt(self)

    @property
    def partition_key(self) -> str:
        """What keeps its events in order on a hub: a digest, as Microsoft's clients refuse keys over 128 characters."""
        return _hub_key(self)

    @property
    def table_key(self) -> str:
        """Safe in a table key and in a blob name: `/ \\ # ? %` and control characters are escaped, reversibly."""
        return _table_key(self)

    @staticmethod
    def table_keys_of(workspace: str, kind: str) -> str:
        """What the table keys of all things of this kind in a workspace begin with."""
        return _escaped("|".join((*Entity.of(workspace, kind, "")[:2], "")))

    @classmethod
    def from_table_key(cls, key: str) -> "Entity":
        """Read what `table_key` wrote of parts without `|`; raise `ValueError` for anything else."""
        parts = unquote(key.replace("=", "%")).split("|")
        if len(parts) != 3 or not all(parts[1:]):
            raise ValueError(f"entity: expected the table key of workspace, kind and name, found {key!r}")
        return cls.of(*parts)


# Each decision makes its entity a dozen times, and spells it as often.
@lru_cache(maxsize=1024)
def _canonical(workspace: str, kind: str, name: str) -> Entity:
    return Entity(workspace.strip("/").lower(), kind.lower(), name.lower())


@lru_cache(maxsize=1024)
def _spelt(entity: Entity) -> str:
    return "|".join(quote(part, safe="/:@-._~ ") for part in entity)


@lru_cache(maxsize=1024)
def _hub_key(entity: Entity) -> str:
    return sha256(_spelt(entity).encode()).hexdigest()[:32]


@lru_cache(maxsize=1024)
def _table_key(entity: Entity) -> str:
    return _escaped("|".join(entity))


def _escaped(text: str) -> str:
    return quote(text, safe="").replace("%", "=")


# An entity in its one spelling, as a field of an event; anything else is refused.
EntityName = Annotated[str, AfterValidator(lambda text: str(Entity.parse(text)))]
