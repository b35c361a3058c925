"""What a person is shown of a held action or a question: a body of evidence that says of which kind each part is."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from shared.events import Event, canonical


class Exhibit(BaseModel):
    """Data of one kind and version: an event's type, an effect's kind, or the name of what a service has measured."""

    model_config = ConfigDict(frozen=True)

    kind: str
    version: int = 1
    data: Mapping[str, Any]

    @classmethod
    def of_event(cls, event: Event) -> Self:
        return cls(kind=event.type, version=event.version, data=event.model_dump(mode="json"))


class Exhibits(BaseModel):
    """`because` of which something is asked, and in detail what `would` be done then."""

    model_config = ConfigDict(frozen=True)

    because: tuple[Exhibit, ...]
    would: tuple[Exhibit, ...] = ()

    def body(self) -> bytes:
        """The same exhibits are the same evidence."""
        return canonical(self.model_dump(mode="json"))
