"""A model's way into the operations layer."""

from typing import ClassVar

from shared.events.announcement import Announcement, sentence
from shared.events.entity import Entity
from shared.events.event import Event
from shared.events.fields import Words
from shared.events.references import ModelRef


class ModelRegistered(Event):
    """Azure ML says that a model version exists (box 4, E1). A hint: registration re-reads the model itself."""

    type: ClassVar[str] = "mlops.model.registered"
    model: ModelRef
    tags: dict[str, str] = {}

    @property
    def entity(self) -> Entity:
        return self.model.entity

    def words(self) -> tuple[str, ...]:
        return (str(self.model),)


class ModelRejected(Event):
    """The registered model holds no usable model package, so nothing further happens to it."""

    type: ClassVar[str] = "mlops.model.rejected"
    model: ModelRef
    reason: Words

    @property
    def entity(self) -> Entity:
        return self.model.entity

    def words(self) -> tuple[str, ...]:
        return (str(self.model), self.reason)

    def notice(self) -> Announcement:
        return Announcement(
            f"{self.model} was not taken in",
            sentence(self.reason),
            severity="warning",
            audience=("data-scientist",),
        )
