"""Broken in the words and codes of a refusal."""

from collections.abc import Callable
from typing import Any

from infra.local.eventhubs.broker import Broker, Hub, Refused
from infra.local.eventhubs.protocol import attaching, cbs, requests
from infra.local.eventhubs.protocol.producer_link import ProducerLink
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by


def _reworded(put: Put, owner: object, name: str, words: Callable[[Refused], tuple[str, str]]) -> None:
    def refuse(real: Any) -> Any:
        def refused(*asked: Any) -> Any:
            try:
                return real(*asked)
            except Refused as refusal:
                raise Refused(*words(refusal)) from refusal

        return refused

    put(owner, name, refuse)


@noticed_by("an unknown consumer group")
def an_unknown_group_is_put_in_other_words(put: Put) -> None:
    """The words that clients look for are missing."""

    def words(refusal: Refused) -> tuple[str, str]:
        is_group = "/ConsumerGroups/" in refusal.description and refusal.condition == "amqp:not-found"
        return refusal.condition, "there is no such group" if is_group else refusal.description

    _reworded(put, attaching, "_consumer", words)


@noticed_by("an unknown hub", "a hub that is deleted")
def an_unknown_hub_is_an_internal_error(put: Put) -> None:
    """A sign-in at a hub that is not there fails for no stated reason."""
    _reworded(put, cbs, "_look_up", lambda _: ("amqp:internal-error", "something went wrong"))


@noticed_by("a partition that is not there")
def an_unknown_partition_is_an_internal_error(put: Put) -> None:
    """The partition's number is not what is complained of."""
    _reworded(put, Hub, "partition", lambda _: ("amqp:internal-error", "something went wrong"))


@noticed_by("a partition that is not there has no properties")
def management_names_no_condition(put: Put) -> None:
    """A request that failed has a status, and no condition."""

    def failure(real: Any) -> Any:
        return lambda *told: {name: value for name, value in real(*told).items() if name != "error-condition"}

    put(requests, "failure", failure)


@noticed_by("a busy server says so")
def a_busy_server_has_an_internal_error(put: Put) -> None:
    """Busy is told as if something were broken."""

    def words(refusal: Refused) -> tuple[str, str]:
        is_busy = refusal.condition == "com.microsoft:server-busy"
        return ("amqp:internal-error" if is_busy else refusal.condition), refusal.description

    _reworded(put, ProducerLink, "_append", words)


@noticed_by("a hub that is deleted")
def a_deleted_hub_is_still_there(put: Put) -> None:
    """Its links are told, and nothing else happens."""
    put(Broker, "remove", lambda _: lambda *_: None)
