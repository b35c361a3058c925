"""Broken in what happens with a fault."""

import time
from typing import Any

from infra.local.eventhubs.detaching import DETACHES
from infra.local.eventhubs.faults import HubFaults
from infra.local.eventhubs.injecting import INJECT
from infra.local.eventhubs.server import EventHubsServer
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by


def _partitions(server: EventHubsServer, hub: str | None) -> list[Any]:
    return [] if hub is None else list(server.broker.hub(hub).partitions)


def _takes_the_last(put: Put, name: str) -> None:
    """Of what nobody reads."""

    def end(real: Any) -> Any:
        def ended(self: EventHubsServer, *told: Any) -> Any:
            for partition in _partitions(self, told[-1]):
                if not partition.readers:
                    partition.log.cut(1)
            return real(self, *told)

        return ended

    put(EventHubsServer, name, end)


def _reorders(put: Put, name: str) -> None:
    """What is delivered next."""

    def end(real: Any) -> Any:
        def ended(self: EventHubsServer, *told: Any) -> Any:
            if told[-1] is not None:
                self.broker.hub(told[-1]).faults.reorder_events = 10
            return real(self, *told)

        return ended

    put(EventHubsServer, name, end)


@noticed_by("connections that break lose no event that is sent")
def a_break_loses_what_was_acknowledged(put: Put) -> None:
    """The last event goes with its sender's connection."""
    _takes_the_last(put, "drop_connections")


@noticed_by("connections that the server ends lose no event that is sent")
def an_end_loses_what_was_acknowledged(put: Put) -> None:
    """The last event goes with the connection that the server ended."""
    _takes_the_last(put, "close_connections")


@noticed_by("connections that break lose and double no event that is read")
def a_break_turns_the_order(put: Put) -> None:
    """After a break some events overtake others."""
    _reorders(put, "drop_connections")


@noticed_by("connections that the server ends lose and double no event that is read")
def an_end_turns_the_order(put: Put) -> None:
    """After a connection was ended some events overtake others."""
    _reorders(put, "close_connections")


@noticed_by("a reader is detached with", "a hub that is deleted")
def each_condition_is_told_as_the_next(put: Put) -> None:
    """A link is detached for another reason than was asked for."""
    conditions = list(DETACHES)
    following = dict(zip(conditions, conditions[1:] + conditions[:1], strict=True))

    def detach(real: Any) -> Any:
        def detached(links: Any, hub: Any, details: dict[str, Any]) -> None:
            given = details.get("condition")
            real(links, hub, {**details, "condition": following[given]} if given else details)

        return detached

    put(_Injected(), "detach", detach)


@noticed_by("a sender that is idle")
def a_detached_sender_stays_out(put: Put) -> None:
    """After a detach the hub takes nothing more."""

    def detach(real: Any) -> Any:
        def detached(links: Any, hub: Any, details: dict[str, Any]) -> None:
            real(links, hub, details)
            if details.get("links") == "producers":
                hub.faults.busy_until = time.monotonic() + 1e6

        return detached

    put(_Injected(), "detach", detach)


@noticed_by("a busy server")
def a_busy_server_stays_busy(put: Put) -> None:
    """A send is refused for ever after."""

    def refuses(real: Any) -> Any:
        return lambda self: self.busy_sends > 0 or real(self)

    put(HubFaults, "refuses_send", refuses)


@noticed_by("a reader that meets a busy server")
def readers_meet_no_busy_server(put: Put) -> None:
    """A reader comes in, whatever was asked for."""
    put(HubFaults, "refuses_receiver", lambda _: lambda _: False)


@noticed_by("a question to a busy server")
def questions_meet_no_busy_server(put: Put) -> None:
    """A question is answered, whatever was asked for."""
    put(HubFaults, "refuses_request", lambda _: lambda _: False)


class _Injected:
    """The table of faults as attributes."""

    def __getattr__(self, name: str) -> Any:
        return INJECT[name]

    def __setattr__(self, name: str, value: Any) -> None:
        INJECT[name] = value
