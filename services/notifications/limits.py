"""Who hears of what."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.events import Event
from shared.events.catalogue import event_types
from shared.policies import Audience, Section


def _is_told(key: str) -> str:
    """`type`, or `type:service` of an event that says of which service it is."""
    name, _, service = key.partition(":")
    types = event_types()
    told = [each for each, event_type in types.items() if event_type.notice is not Event.notice]
    if name not in types:
        choices = [f"{each}:{service}" if service else each for each in told]
        raise PydanticCustomError("unknown_event_type", "there is no such event type", {"choices": choices})
    if name not in told:
        raise PydanticCustomError("never_told", "nobody is told of events of this type")
    if service and "service" not in types[name].model_fields:
        raise PydanticCustomError("of_no_service", "an event of this type is of no service", {"choices": [name]})
    return key


class NotificationLimits(Section, name="notifications"):
    """Audiences by event type, or by `type:service` for an event of one service alone."""

    audiences: dict[Annotated[str, AfterValidator(_is_told)], tuple[Audience, ...]] = Field(
        default={},
        description="event type, or `type:service`, to those who hear of it: personas, or audiences of `people`; "
        "what is not listed reaches whom the event itself names",
    )

    @classmethod
    def names_services(cls, layer: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], str]]:
        listed = layer.get("audiences")
        keys = [str(key) for key in listed] if isinstance(listed, Mapping) else []
        return [(("audiences", key), key.partition(":")[2]) for key in keys if ":" in key]
