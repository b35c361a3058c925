"""Health, what the hubs hold, and faults on request.

GET    /health         {"status": "healthy", ...}
GET    /admin/hubs     per hub and partition: first and last sequence number, count, bytes, receivers
PUT    /admin/hubs     {"name": "events", "partitions": 2, "groups": ["extra"]}: one more hub, until the server ends
DELETE /admin/hubs     {"name": "events"}: its links are told, its events are gone
GET    /admin/faults   the faults in force, per hub
POST   /admin/faults   any of these, `hub` being a name or "*":
                       {"drop_connections": true}                       all, or {"hub": "events"}: those with its links
                       {"close_connections": {"condition": "amqp:connection:forced"}}   also with "hub"
                       {"server_busy": {"hub": "events", "sends": 3}}   or "receivers", "requests"; or "seconds": 5
                       {"slow": {"hub": "events", "send_ms": 20, "delivery_ms": 5}}
                       {"duplicate": {"hub": "events", "events": 10}}   the next 10 are delivered twice
                       {"skip": {"hub": "events", "events": 10}}        the next 10 are left out, but stay in the log
                       {"reorder": {"hub": "events", "events": 10}}     the next 10 overtake the one before them
                       {"withhold": {"hub": "events"}}                  deliver nothing ...
                       {"release": {"hub": "events"}}                   ... until this
                       {"forget": {"hub": "events"}}                    as if retention had taken all events
                       {"detach": {"hub": "events", "condition": "amqp:link:detach-forced", "links": "producers"}}
                       {"failover": {"hub": "events", "lost": 3}}       a new epoch of sequence numbers, links broken
                       {"recreate": {"hub": "events"}}                  deleted and made again: empty, from 0 on
DELETE /admin/faults   no faults any more

The conditions of `detach` and of `close_connections` stand in `detaching`; without `links` both kinds are meant.
"""

import json
import time
from collections.abc import Callable
from http import HTTPStatus

from infra.local.eventhubs.broker import Hub, Refused
from infra.local.eventhubs.config import ConfigError, parse_hub
from infra.local.eventhubs.detaching import DETACHES
from infra.local.eventhubs.faults import HubFaults
from infra.local.eventhubs.http import Answer
from infra.local.eventhubs.injecting import INJECT, BadRequest
from infra.local.eventhubs.server import EventHubsServer


class Admin:
    """Answers the requests above."""

    def __init__(self, server: EventHubsServer) -> None:
        self._server = server
        self._broker = server.broker
        self._connections: dict[str, Callable[[object], object]] = {
            "drop_connections": self._drop_connections,
            "close_connections": self._close_connections,
        }

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Status and JSON content for one request."""
        routes: dict[tuple[str, str], Callable[[bytes], object]] = {
            ("GET", "/health"): self._health,
            ("GET", "/admin/hubs"): self._hubs,
            ("PUT", "/admin/hubs"): self._add_hub,
            ("DELETE", "/admin/hubs"): self._delete_hub,
            ("GET", "/admin/faults"): self._faults,
            ("POST", "/admin/faults"): self._add_faults,
            ("DELETE", "/admin/faults"): self._clear_faults,
        }
        handler = routes.get((method, path))
        if handler is None:
            return HTTPStatus.NOT_FOUND, {"error": f"there is no {method} {path}"}
        try:
            return HTTPStatus.OK, handler(body)
        except (BadRequest, ConfigError) as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except Refused as error:
            return HTTPStatus.NOT_FOUND, {"error": error.description}

    def _health(self, _: bytes) -> object:
        uptime_s = round(time.time() - self._server.started_at, 3)
        return {"status": "healthy", "uptime_s": uptime_s, "connections": len(self._server.connections)}

    def _hubs(self, _: bytes) -> object:
        return {hub.name: _describe(hub) for hub in self._broker.hubs.values()}

    def _add_hub(self, body: bytes) -> object:
        asked = _object(body)
        groups = asked.get("groups", [])
        if not isinstance(groups, list):
            raise BadRequest("groups: a list is expected")
        entity = {"Name": asked.get("name"), "PartitionCount": asked.get("partitions")}
        hub = parse_hub({**entity, "ConsumerGroups": [{"Name": group} for group in groups]}, "hub")
        return {hub.name: _describe(self._broker.add(hub))}

    def _delete_hub(self, body: bytes) -> object:
        hub = self._broker.hub(str(_object(body).get("name")))
        INJECT["detach"](self._server, hub, {"condition": "amqp:resource-deleted"})
        self._broker.remove(hub)
        return self._hubs(body)

    def _faults(self, _: bytes) -> object:
        return {hub.name: hub.faults.describe() for hub in self._broker.hubs.values()}

    def _add_faults(self, body: bytes) -> object:
        faults = _object(body)
        unknown = faults.keys() - INJECT.keys() - self._connections.keys()
        if unknown:
            raise BadRequest(f"{sorted(unknown)[0]}: there is no such fault")
        for name, details in faults.items():
            if name in self._connections:
                self._connections[name](details)
            else:
                self._to_hubs(name, details)
        return self._faults(body)

    def _drop_connections(self, details: object) -> None:
        self._server.drop_connections(self._hub_of(details))

    def _close_connections(self, details: object) -> None:
        condition = details.get("condition") if isinstance(details, dict) else None
        if condition not in DETACHES:
            raise BadRequest(f"close_connections.condition: one of {', '.join(DETACHES)} is expected")
        self._server.close_connections(str(condition), DETACHES[str(condition)], self._hub_of(details))

    def _hub_of(self, details: object) -> str | None:
        """The one hub, in lower case, whose connections are meant; raise `Refused` when there is none of that name."""
        name = details.get("hub") if isinstance(details, dict) else None
        return None if name in (None, "*") else self._broker.hub(str(name)).name.lower()

    def _to_hubs(self, name: str, details: object) -> None:
        if not isinstance(details, dict) or not isinstance(details.get("hub"), str):
            raise BadRequest(f"{name}.hub: a hub's name or '*' is expected")
        hub = details["hub"]
        hubs = list(self._broker.hubs.values()) if hub == "*" else [self._broker.hub(hub)]
        for each in hubs:
            try:
                INJECT[name](self._server, each, details)
            except BadRequest as error:
                raise BadRequest(f"{name}.{error}") from error
            _wake(each)

    def _clear_faults(self, _: bytes) -> object:
        for hub in self._broker.hubs.values():
            hub.faults = HubFaults()
            _wake(hub)
        return self._faults(b"")


def _object(body: bytes) -> dict[str, object]:
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(asked, dict) or not asked:
        raise BadRequest("an object with at least one field is expected")
    return asked


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
