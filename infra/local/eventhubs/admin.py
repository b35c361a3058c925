"""Health, what the hubs hold, and faults on request.

GET    /health         {"status": "healthy", ...}
GET    /admin/hubs     per hub and partition: first and last sequence number, count, bytes, receivers
GET    /admin/faults   the faults in force, per hub
POST   /admin/faults   any of these, `hub` being a name or "*":
                       {"drop_connections": true}
                       {"server_busy": {"hub": "events", "sends": 3}}   or "seconds": 5
                       {"slow": {"hub": "events", "send_ms": 20, "delivery_ms": 5}}
                       {"duplicate": {"hub": "events", "events": 10}}   the next 10 are delivered twice
                       {"skip": {"hub": "events", "events": 10}}        the next 10 are left out, but stay in the log
                       {"reorder": {"hub": "events", "events": 10}}     the next 10 overtake the one before them
                       {"withhold": {"hub": "events"}}                  deliver nothing ...
                       {"release": {"hub": "events"}}                   ... until this
                       {"forget": {"hub": "events"}}                    as if retention had taken all events
DELETE /admin/faults   no faults any more
"""

import json
import time
from collections.abc import Callable
from http import HTTPStatus

from infra.local.eventhubs.broker import Hub, Refused
from infra.local.eventhubs.faults import HubFaults
from infra.local.eventhubs.http import Answer
from infra.local.eventhubs.server import EventHubsServer


class BadRequest(ValueError):
    """The message names the field."""


class Admin:
    """Answers the requests above."""

    def __init__(self, server: EventHubsServer) -> None:
        self._server = server
        self._broker = server.broker
        self._inject: dict[str, Callable[[Hub, dict[str, object]], None]] = {
            "server_busy": _server_busy,
            "slow": _slow,
            "duplicate": _duplicate,
            "skip": _skip,
            "reorder": _reorder,
            "withhold": _withhold,
            "release": _release,
            "forget": _forget,
        }

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Status and JSON content for one request."""
        routes: dict[tuple[str, str], Callable[[bytes], object]] = {
            ("GET", "/health"): self._health,
            ("GET", "/admin/hubs"): self._hubs,
            ("GET", "/admin/faults"): self._faults,
            ("POST", "/admin/faults"): self._add_faults,
            ("DELETE", "/admin/faults"): self._clear_faults,
        }
        handler = routes.get((method, path))
        if handler is None:
            return HTTPStatus.NOT_FOUND, {"error": f"there is no {method} {path}"}
        try:
            return HTTPStatus.OK, handler(body)
        except BadRequest as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except Refused as error:
            return HTTPStatus.NOT_FOUND, {"error": error.description}

    def _health(self, _: bytes) -> object:
        uptime_s = round(time.time() - self._server.started_at, 3)
        return {"status": "healthy", "uptime_s": uptime_s, "connections": len(self._server.connections)}

    def _hubs(self, _: bytes) -> object:
        return {hub.name: _describe(hub) for hub in self._broker.hubs.values()}

    def _faults(self, _: bytes) -> object:
        return {hub.name: hub.faults.describe() for hub in self._broker.hubs.values()}

    def _add_faults(self, body: bytes) -> object:
        try:
            faults = json.loads(body)
        except ValueError as error:
            raise BadRequest(f"the body is not JSON: {error}") from error
        if not isinstance(faults, dict) or not faults:
            raise BadRequest("an object with at least one fault is expected")
        unknown = faults.keys() - self._inject.keys() - {"drop_connections"}
        if unknown:
            raise BadRequest(f"{sorted(unknown)[0]}: there is no such fault")
        for name, details in faults.items():
            if name == "drop_connections":
                self._server.drop_connections()
            else:
                self._to_hubs(name, details)
        return self._faults(body)

    def _to_hubs(self, name: str, details: object) -> None:
        if not isinstance(details, dict) or not isinstance(details.get("hub"), str):
            raise BadRequest(f"{name}.hub: a hub's name or '*' is expected")
        hub = details["hub"]
        hubs = list(self._broker.hubs.values()) if hub == "*" else [self._broker.hub(hub)]
        for each in hubs:
            try:
                self._inject[name](each, details)
            except BadRequest as error:
                raise BadRequest(f"{name}.{error}") from error
            _wake(each)

    def _clear_faults(self, _: bytes) -> object:
        for hub in self._broker.hubs.values():
            hub.faults = HubFaults()
            _wake(hub)
        return self._faults(b"")


def _describe(hub: Hub) -> list[dict[str, object]]:
    return [
        {
            "partition": str(index),
            "first_sequence": partition.log.first_sequence,
            "last_sequence": partition.log.next_sequence - 1,
            "count": partition.log.next_sequence - partition.log.first_sequence,
            "bytes": partition.log.size,
            "torn_bytes": partition.log.torn_bytes,
            "receivers": [{"group": reader.group, "epoch": reader.epoch} for reader in partition.readers],
        }
        for index, partition in enumerate(hub.partitions)
    ]


def _wake(hub: Hub) -> None:
    for partition in hub.partitions:
        for reader in partition.readers:
            reader.wake()


def _number(details: dict[str, object], field: str) -> float:
    value = details.get(field, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadRequest(f"{field}: a number from 0 on is expected, not {value!r}")
    return value


def _server_busy(hub: Hub, details: dict[str, object]) -> None:
    hub.faults.busy_sends = int(_number(details, "sends"))
    hub.faults.busy_until = time.monotonic() + _number(details, "seconds")


def _slow(hub: Hub, details: dict[str, object]) -> None:
    hub.faults.send_ms = _number(details, "send_ms")
    hub.faults.delivery_ms = _number(details, "delivery_ms")


def _duplicate(hub: Hub, details: dict[str, object]) -> None:
    hub.faults.duplicate_events = int(_number(details, "events"))


def _skip(hub: Hub, details: dict[str, object]) -> None:
    hub.faults.skip_events = int(_number(details, "events"))


def _reorder(hub: Hub, details: dict[str, object]) -> None:
    hub.faults.reorder_events = int(_number(details, "events"))


def _withhold(hub: Hub, _: dict[str, object]) -> None:
    hub.faults.withheld = True


def _release(hub: Hub, _: dict[str, object]) -> None:
    hub.faults.withheld = False


def _forget(hub: Hub, _: dict[str, object]) -> None:
    for partition in hub.partitions:
        partition.log.forget_all()
