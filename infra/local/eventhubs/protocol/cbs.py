"""Claims-based security: a token put on `$cbs` says what the connection may do."""

import time

from infra.local.eventhubs.broker import Refused
from infra.local.eventhubs.protocol.peer import Host
from infra.local.eventhubs.protocol.request_message import Request

_SAS = "servicebus.windows.net:sastoken"
_JWT = "jwt"


def put_token(connection: Host, request: Request) -> None:
    """Verify a token and remember its claim; raise `Unauthorized` or `Refused`."""
    if request.text("operation") != "put-token":
        raise Refused("amqp:not-implemented", f"operation '{request.text('operation')}' on $cbs")
    kind = request.text("type")
    if connection.verifier.verifies and kind != _SAS:
        raise Refused("amqp:unauthorized-access", f"tokens of type '{kind}' are not accepted here, only {_SAS}")
    if kind not in (_SAS, _JWT):
        raise Refused("amqp:not-implemented", f"tokens of type '{kind}'")
    token = request.value if isinstance(request.value, str) else ""
    connection.grant(connection.verifier.claim(token, request.text("name"), time.time()))
