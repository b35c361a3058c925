"""Event Hubs' SDK: clients, and what its errors mean. Free of our events, so that a small process can send by it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import EventDataError, EventHubError

# The SDK's own retries would replace a refusal by what the retry met; `persistently` looks at every failure.
OPTIONS: dict[str, Any] = {"retry_total": 0, "auth_timeout": 10, "send_timeout": 15}
_THIS_MACHINE = ("localhost:", "127.0.0.1:")
_PAUSES_S = (0.2, 0.8, None)
SDK_ERRORS = (EventHubError, OSError)
# The size alone is for ever. Rights are not: a role assignment takes minutes to arrive, a token expires, and the node
# that checks tokens has outages of its own, which the SDK reports as an authentication error, too.
_TOO_LARGE = "amqp:link:message-size-exceeded"
# A throttled namespace refuses whoever comes back sooner, and counts that as well.
_BUSY, _BUSY_PAUSE_S = "com.microsoft:server-busy", 4.0


class HubFailure(Exception):
    """`is_for_ever`: trying again is of no use. `pause_s` is how long the hub asked to be left alone, if it did."""

    def __init__(self, text: str, is_for_ever: bool = False, pause_s: float | None = None) -> None:
        super().__init__(text)
        self.is_for_ever = is_for_ever
        self.pause_s = pause_s


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


async def persistently[T](doing: str, operation: Callable[[], Awaitable[T]]) -> T:
    """A few tries, enough to bridge a reconnect: long retries belong to the caller. A refusal or a pause ends them."""
    for pause_s in _PAUSES_S:
        try:
            return await operation()
        except SDK_ERRORS as error:
            failure = failure_of(error, doing)
            if pause_s is None or failure.is_for_ever or failure.pause_s:
                raise failure from error
            await asyncio.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


def failure_of(error: BaseException, doing: str) -> HubFailure:
    """Its text is left out but for the condition: it quotes addresses and frames."""
    text = f"{doing}: {getattr(error, 'error', None) or type(error).__name__}"
    is_for_ever = isinstance(error, EventDataError) or _TOO_LARGE in str(error)
    is_busy = not is_for_ever and _BUSY in str(error)
    return HubFailure(text, is_for_ever, _BUSY_PAUSE_S if is_busy else None)
