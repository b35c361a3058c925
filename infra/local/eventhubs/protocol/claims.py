"""What the tokens of one connection allow, and until when."""

import asyncio
import time
from collections.abc import Callable

from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.addresses import node_of
from infra.local.eventhubs.tokens import Claim, covers, scope_of
from infra.local.eventhubs.verifier import Verifier, kind_of


class Claims:
    """The latest claim of each scope; `on_expired` is called when one is gone without another."""

    def __init__(self, verifier: Verifier, on_expired: Callable[[], None]) -> None:
        self._verifier = verifier
        self._on_expired = on_expired
        self._claims: dict[tuple[str, ...], Claim] = {}
        self._timers: dict[tuple[str, ...], asyncio.TimerHandle] = {}

    def put(self, token: str, kind: str, audience: str) -> None:
        """Verify a token and remember its claim; raise `Unauthorized`."""
        claim = self._verifier.claim(token, kind, audience, time.time())
        self._claims[claim.scope] = claim
        if claim.scope in self._timers:
            self._timers.pop(claim.scope).cancel()
        if claim.expires_at != float("inf"):
            delay_s = claim.expires_at - time.time()
            self._timers[claim.scope] = asyncio.get_running_loop().call_later(delay_s, self._expire, claim.scope)

    def _expire(self, scope: tuple[str, ...]) -> None:
        del self._claims[scope], self._timers[scope]
        self._on_expired()

    def allow(self, address: str, rights: tuple[str, ...]) -> bool:
        """Whether some claim covers the address with one of the rights."""
        path = scope_of(address)
        return not self._verifier.verifies or any(
            claim.rights & {*rights} for claim in self._claims.values() if covers(claim.scope, path)
        )

    def demand(self, address: str, *rights: str, token: str = "") -> None:
        """Raise `Refused` unless a claim, or the token that came with the request, carries one of the rights."""
        if self.allow(address, rights):
            return
        if token and self._verifier.claim(token, kind_of(token), address, time.time()).rights & {*rights}:
            return
        wanted = "' or '".join(rights)
        named = "/".join(node_of(address))
        raise Refused(
            "amqp:unauthorized-access", f"Unauthorized access. '{wanted}' claim(s) are required on '{named}'."
        )

    def release(self) -> None:
        """The connection is over."""
        for timer in self._timers.values():
            timer.cancel()
