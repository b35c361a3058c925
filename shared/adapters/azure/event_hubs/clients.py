"""Event Hubs: what its SDK's errors mean to our ports."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.adapters.azure.event_hubs.opening import HubFailure, failure_of, persistently
from shared.ports import Refused, Unavailable


async def attempt[T](doing: str, operation: Callable[[], Awaitable[T]]) -> T:
    """What `persistently` does, in a port's words."""
    try:
        return await persistently(doing, operation)
    except HubFailure as failure:
        raise in_words_of_ports(failure) from failure


def meaning(error: BaseException, doing: str) -> Exception:
    """What an SDK error means to a port."""
    return in_words_of_ports(failure_of(error, doing))


def in_words_of_ports(failure: HubFailure) -> Exception:
    if failure.is_for_ever:
        return Refused(str(failure))
    pause_s = failure.pause_s
    return Unavailable(str(failure), pause=None if pause_s is None else timedelta(seconds=pause_s))
