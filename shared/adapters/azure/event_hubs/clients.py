"""Event Hubs: what both directions share."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import EventDataError, EventHubError

from shared.ports import Refused, Unavailable

# The SDK's own retries would replace a refusal by what the retry met; `attempt` looks at every failure.
OPTIONS: dict[str, Any] = {"retry_total": 0, "auth_timeout": 10, "send_timeout": 15}
_THIS_MACHINE = ("localhost:", "127.0.0.1:")
_PAUSES_S = (0.2, 0.8, None)
SDK_ERRORS = (EventHubError, OSError)
# The size alone is for ever. Rights are not: a role assignment takes minutes to arrive, a token expires, and the node
# that checks tokens has outages of its own, which the SDK reports as an authentication error, too.
_TOO_LARGE = "amqp:link:message-size-exceeded"
# A throttled namespace refuses whoever comes back sooner, and counts that as well.
_BUSY, _BUSY_PAUSE = "com.microsoft:server-busy", timedelta(seconds=4)


def has_key(connection: str) -> bool:
    """Whether anybody may use it; an address without one is as good as who asks."""
    return "SharedAccessKey" in connection or "SharedAccessSignature" in connection


def open_client[C: (EventHubProducerClient, EventHubConsumerClient)](
    client: type[C], connection: str, identity: Any = None, **options: Any
) -> C:
    """A client for a connection string with `EntityPath`, or for `<namespace>/<hub>` by this identity, or its own.

    Raises `ValueError` when no hub is named.
    """
    if has_key(connection):
        if "entitypath=" not in connection.lower():
            raise ValueError("connection: EntityPath is required")
        return client.from_connection_string(connection, **OPTIONS, **options)
    namespace, _, hub = connection.removeprefix("sb://").strip("/").partition("/")
    if not hub:
        raise ValueError("connection: a connection string or <namespace>/<hub> is required")
    from shared.adapters.azure.identity import own_identity  # costs 100 ms and 8 MB, which a connection string saves

    # The one server that has a port is on this machine, where nobody listens in; Azure's have none, and always TLS.
    use_tls = not namespace.startswith(_THIS_MACHINE)
    return client(namespace, hub, credential=identity or own_identity(), use_tls=use_tls, **OPTIONS, **options)


async def attempt[T](doing: str, operation: Callable[[], Awaitable[T]]) -> T:
    """A few tries, enough to bridge a reconnect: long retries belong to the caller. A refusal or a pause ends them."""
    for pause_s in _PAUSES_S:
        try:
            return await operation()
        except SDK_ERRORS as error:
            known = meaning(error, doing)
            if pause_s is None or isinstance(known, Refused) or (isinstance(known, Unavailable) and known.pause):
                raise known from error
            await asyncio.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


def meaning(error: BaseException, doing: str) -> Exception:
    """What an SDK error means to a port. Its text is left out but for the condition: it quotes addresses and frames."""
    text = f"{doing}: {getattr(error, 'error', None) or type(error).__name__}"
    is_for_ever = isinstance(error, EventDataError) or _TOO_LARGE in str(error)
    if is_for_ever:
        return Refused(text)
    return Unavailable(text, pause=_BUSY_PAUSE if _BUSY in str(error) else None)
