"""Broken in a transport."""

from typing import Any

from infra.local.eventhubs.protocol.connection import Connection
from infra.local.eventhubs.websocket import WebSocketConnection
from tests.azure_sdk.javascript.mutations.registry import Put, noticed_by


@noticed_by("over TLS", "an identity without", "an identity with a role", "an identity of")
def tls_is_not_spoken(put: Put) -> None:
    """A connection with TLS is hung up."""

    def made(real: Any) -> Any:
        def connected(self: Connection, transport: Any) -> None:
            real(self, transport)
            told = getattr(transport, "get_extra_info", None)
            if told is not None and told("sslcontext") is not None:
                transport.abort()

        return connected

    put(Connection, "connection_made", made)


@noticed_by("over WebSockets")
def websockets_are_not_spoken(put: Put) -> None:
    """The handshake is answered by hanging up."""
    put(WebSocketConnection, "_shake_hands", lambda _: lambda self, *_: self.connection_lost(None))
