"""Broken in whom a token lets do what."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from infra.local.eventhubs import identities, sas, verifier
from infra.local.eventhubs.identities import Identities
from infra.local.eventhubs.protocol import claims, requests
from infra.local.eventhubs.protocol.claims import Claims
from infra.local.eventhubs.tokens import RIGHTS, Claim, Unauthorized, covers, scope_of
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by

_EVERYTHING = Claim((), RIGHTS, float("inf"))


@noticed_by("a wrong key")
def signatures_are_not_compared(put: Put) -> None:
    """Any signature in the name of a key is good."""
    put(sas, "_signed", lambda _: lambda *_: True)


def _claimed(put: Put, owner: object, name: str, pardons: Callable[[Unauthorized, tuple[Any, ...]], bool]) -> None:
    """Whoever is refused for such a reason may do everything."""

    def claim(real: Any) -> Any:
        def claimed(*asked: Any) -> Any:
            try:
                return real(*asked)
            except Unauthorized as refusal:
                if pardons(refusal, asked):
                    return _EVERYTHING
                raise

        return claimed

    put(owner, name, claim)


@noticed_by("an unknown key's name")
def unknown_keys_are_good(put: Put) -> None:
    """A signature in the name of a key that is not there is good."""
    _claimed(put, verifier, "claim_of_signature", lambda _, asked: "skn=nobody" in asked[1])


@noticed_by("an expired signature")
def expired_signatures_are_good(put: Put) -> None:
    """A signature has no end."""
    _claimed(put, verifier, "claim_of_signature", lambda refusal, _: str(refusal).startswith("ExpiredToken"))


@noticed_by("a signature that expires")
def links_outlive_their_signatures(put: Put) -> None:
    """What is attached stays attached."""
    put(Claims, "_expire", lambda _: lambda *_: None)


def _any_right_will_do(put: Put, wanted: str) -> None:
    def allow(real: Any) -> Any:
        def allowed(self: Claims, address: str, rights: tuple[str, ...]) -> bool:
            held = [claim for claim in self._claims.values() if covers(claim.scope, scope_of(address))]
            return real(self, address, rights) or (rights == (wanted,) and any(claim.rights for claim in held))

        return allowed

    put(Claims, "allow", allow)


@noticed_by("a key that may only read", "an identity with a role to read")
def whoever_reads_may_send(put: Put) -> None:
    """Any right is enough to send."""
    _any_right_will_do(put, "Send")


@noticed_by("a key that may only send")
def whoever_sends_may_read(put: Put) -> None:
    """Any right is enough to read."""
    _any_right_will_do(put, "Listen")


@noticed_by("a sender that may only send")
def partitions_are_for_readers(put: Put) -> None:
    """Who may only send is not told what partitions there are."""

    def read(real: Any) -> Any:
        def asked(connection: Any, request: Any) -> Any:
            connection.claims.demand(request.text("name"), "Listen", token=request.text("security_token"))
            return real(connection, request)

        return asked

    put(requests, "read", read)


@noticed_by("is not good for another")
def signatures_are_good_for_the_whole_hub(put: Put) -> None:
    """A signature for a part of a hub opens all of it."""
    for module in (sas, claims):
        put(module, "covers", lambda real: lambda scope, path: real(scope[:1], path))


@noticed_by(
    "is good for that",
    "an event lies in",
    "a partition that is not there takes",
    "the buffered",
    "a hub and its partitions tell",
    "two processors",
)
def signatures_are_good_for_no_partition(put: Put) -> None:
    """A signature has to be for more than a partition, to send."""

    def covered(real: Any) -> Any:
        return lambda scope, path: "partitions" not in scope[1:2] and real(scope, path)

    put(claims, "covers", covered)


@noticed_by("an identity without a role")
def no_role_is_every_role(put: Put) -> None:
    """An identity that was granted nothing may do everything."""

    def claim(real: Any) -> Any:
        def claimed(*asked: Any) -> Claim:
            held: Claim = real(*asked)
            return held if held.rights else replace(held, rights=RIGHTS)

        return claimed

    put(Identities, "claim", claim)


@noticed_by("an identity of nobody")
def strangers_are_welcome(put: Put) -> None:
    """An identity that the namespace does not know may do everything."""
    _claimed(put, Identities, "claim", lambda refusal, _: "object id" in str(refusal))


@noticed_by("with an identity", "an identity with a role")
def tokens_are_for_another_audience(put: Put) -> None:
    """No token of an identity is for Event Hubs."""
    put(identities, "AUDIENCES", lambda _: frozenset[str]())
