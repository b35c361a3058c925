"""Which events a hub may carry: the right to send to a hub must not become the right to say anything."""

from shared.events.event import Event


def may_carry(hub: str, event: Event) -> bool:
    """Every type says which one hub it travels on; `events`, which control alone sends to, is where it says nothing."""
    return event.carried_by == hub
