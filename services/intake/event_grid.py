"""Event Grid's two envelopes, told apart by their structure, keys in any casing.

https://learn.microsoft.com/azure/event-grid/event-schema and https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.events import Unreadable
from shared.events.border import read_json

_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class AzureEvent:
    """One event of Azure's. `resource` is what reported it (Event Grid's topic), `data` has lower-case keys.

    `subject` is what it is about, as it was sent: free text that each translator checks for itself.
    """

    id: str
    type: str
    resource: str
    time: datetime
    data: Mapping[str, object]
    subject: str = ""


def read_event(value: object) -> AzureEvent:
    """Raises `Unreadable` naming the field."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"body: a JSON object is required, found {type(value).__name__}")
    frame = folded(value)
    kind, resource, time = _names(frame)
    return AzureEvent(
        id=text(frame, "id", longest=_LONGEST_ID),
        type=text(frame, kind),
        resource=text(frame, resource),
        time=_moment(frame, time),
        data=mapping(frame, "data"),
        subject=subject if isinstance(subject := frame.get("subject"), str) else "",
    )


def _names(frame: Mapping[str, object]) -> tuple[str, str, str]:
    """Where this envelope keeps type, resource and time."""
    if "specversion" in frame:
        if frame["specversion"] != "1.0":
            raise Unreadable(f"specversion: 1.0 is required, found {frame['specversion']!r}")
        return "type", "source", "time"
    if "eventtype" in frame:
        return "eventtype", "topic", "eventtime"
    raise Unreadable("body: neither specversion (CloudEvents) nor eventType (Event Grid) is there")


def folded(value: Mapping[object, object]) -> dict[str, object]:
    """The same mapping with lower-case keys: Azure's casing differs from event to event."""
    return {str(key).lower(): item for key, item in value.items()}


def mapping(frame: Mapping[str, object], name: str) -> dict[str, object]:
    """An object under this name, with lower-case keys; absent and null count as empty. Raises `Unreadable`."""
    value = frame.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable(f"{name}: a JSON object is required, found {type(value).__name__}")
    return folded(value)


def text(frame: Mapping[str, object], name: str, longest: int = 2048) -> str:
    """A non-empty text, or a number as text (versions come as either). Raises `Unreadable`."""
    value = _written(frame.get(name))
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(f"{name}: a non-empty text is required")
    if len(value) > longest or not value.isprintable():
        raise Unreadable(f"{name}: at most {longest} printable characters are allowed")
    return value


def _written(value: object) -> object:
    """A whole number as text, however it was spelt: 10 and 10.0 are one number in JSON."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return str(int(value)) if value == int(value) else value


def texts(frame: Mapping[str, object], name: str) -> dict[str, object]:
    """As `mapping`, for what Azure ML also sends as a text of JSON: `"null"`, `"{}"`. Raises `Unreadable`."""
    value = frame.get(name)
    if not isinstance(value, str):
        return mapping(frame, name)
    try:
        return mapping({name: read_json(value) if value.strip() else None}, name)
    except Unreadable as error:
        raise Unreadable(f"{name}: a JSON object is required, found a text that is none") from error


def _moment(frame: Mapping[str, object], name: str) -> datetime:
    try:
        return datetime.fromisoformat(text(frame, name))
    except ValueError as error:
        raise Unreadable(f"{name}: an ISO 8601 time is required") from error
