"""A ledger in which version 4 was tried on version 2 and taken back, as chains of raw events."""

from datetime import timedelta
from typing import Any

from function_app.operator.ledger.reading import Chain
from shared.events import EndpointRef
from shared.ports import Entry, Mark, Progress
from tests.support.builders import NOW, endpoint_ref

type Event = dict[str, Any]
REASON = "share of slow answers 97.00% of 60 requests, champion 1.00% of 180: limit +20.00%"


def package(version: str) -> Event:
    model = {"name": "flights", "version": version, "workspace": endpoint_ref().workspace}
    return {"model": model, "digest": version * 64}


def event(name: str, kind: str, second: int, cause: str | None, **data: Any) -> Event:
    found = {
        "id": f"{name:_<8}",
        "type": f"mlops.{kind}",
        "source": "/sluice/test",
        "data": {"endpoint": _endpoint(), **data},
    }
    moment = NOW + timedelta(seconds=second)
    return found | {"time": moment.isoformat()} | ({"causationid": f"{cause:_<8}"} if cause else {})


def _endpoint() -> dict[str, Any]:
    return EndpointRef(workspace=endpoint_ref().workspace, name="flights").model_dump()


def look(name: str, second: int, cause: str) -> Event:
    return event(name, "deadline.reached", second, cause, service="promotion", about="e", key="look")


def life(*without: str) -> list[Event]:
    """`without` leaves out what is called so."""
    proofs = [
        {"instance": name, "rows": 50, "distance": distance, "outputs": "f" * 64}
        for name, distance in (("one", 0.0), ("two", 1e-7))
    ]
    tried, back = package("4"), package("2")
    events = [
        event("granted2", "approval.granted", 0, None, candidate=back, approver="lea@example.com"),
        event("live2", "promotion.completed", 9, "granted2", package=back, generation=4),
        event("granted4", "approval.granted", 20, None, candidate=tried, approver="lea@example.com"),
        look("look1", 21, "granted4"),
        look("look2", 22, "look1"),
        event("asked", "rollback.requested", 23, "look2", package=tried, generation=6, requested_by="promotion",
              reason=REASON),
        event("aborted", "promotion.aborted", 23, "look2", package=tried, reason=REASON),
        look("look3", 24, "asked"),
        event("back", "rollback.completed", 25, "look3", package=tried, restored=back, generation=7, seconds=1.94,
              instances=2, requested_by="promotion", proofs=proofs, reason=REASON),
        event("started5", "promotion.started", 30, None, package=package("5"), generation=8, share=25.0),
    ]  # fmt: skip
    return [each for each in events if each["id"].rstrip("_") not in without]


def chains(events: list[Event]) -> list[Chain]:
    """Each event decided about once, by a service that publishes a canary step where the first reminder came."""
    return [Chain("promotion", endpoint_ref().entity, [_decision(number, each) for number, each in enumerate(events)])]


def _decision(position: int, about: Event) -> Progress:
    stepped = {"type": "mlops.promotion.stepped", "version": 1, "data": {"share": 50.0}}
    effects: list[dict[str, Any]] = [{"kind": "remind_at", "version": 1, "data": {}}]
    if about["id"].startswith("look1"):
        effects.append({"kind": "publish", "version": 1, "data": {"event": stepped}})
    entry = Entry(
        service="promotion", entity=endpoint_ref().entity, event_id=about["id"], position=position, decided_at=NOW,
        event=about, facts={}, policy="cd" * 32, state=None, effects=effects, previous="", hash="",
    )  # fmt: skip
    return Progress(entry=entry, marks=dict.fromkeys(range(len(effects)), Mark("performed")), settled=True, lease=None)
