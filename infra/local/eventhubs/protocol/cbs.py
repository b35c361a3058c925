"""Claims-based security: a token put on `$cbs` says what the connection may do."""

from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.peer import Host
from infra.local.eventhubs.protocol.request_message import Request
from infra.local.eventhubs.tokens import scope_of
from infra.local.eventhubs.verifier import JWT, SAS


def put_token(connection: Host, request: Request) -> None:
    """Verify a token and remember its claim; raise `Unauthorized` or `Refused`, for a hub that is not there too."""
    operation, kind, audience = request.text("operation"), request.text("type"), request.text("name")
    if operation != "put-token":
        raise Refused("amqp:not-implemented", f"operation '{operation}' on $cbs")
    if kind not in (SAS, JWT):
        raise Refused("amqp:not-implemented", f"tokens of type '{kind}'")
    _look_up(connection, audience)
    token = request.value if isinstance(request.value, str) else ""
    connection.claims.put(token, kind, audience)


def _look_up(connection: Host, audience: str) -> None:
    named = scope_of(audience)[:1]
    if named and not named[0].startswith("$") and named[0] not in connection.broker.hubs:
        raise Refused("amqp:not-found", f"The messaging entity '{audience}' could not be found.")
