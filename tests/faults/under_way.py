"""Whose decision is under way where a call is made, so that kills can be aimed at it, and counted by it.

The reactor makes all calls between a decision's record and its settling in one task, so a context variable knows.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from shared.ports import Entry, Progress

CANARY, ROLLBACK = "canary", "rollback"
# Begins, goes on or ends nothing: it only looks again later.
LOOKING = "looking"
# The reactor's first calls about an event: nothing is under way then.
_BEGINS = {"ledger.head", "ledger.first_waiting"}
_now: ContextVar[str] = ContextVar("decision under way", default="")


def phase_of(service: str, state: Mapping[str, Any] | None, effects: Iterable[Mapping[str, Any]]) -> str:
    """The service, except that promotion beside or after a champion goes in canary steps."""
    if all(effect["kind"] == "remind_at" for effect in effects):
        return LOOKING
    return CANARY if service == "promotion" and state and state.get("before") else service


def entered(step: str, arguments: Iterable[object]) -> str:
    """What is under way as `step` is called; "" outside of any decision."""
    if step in _BEGINS:
        _now.set("")
    for argument in arguments:
        entry = argument.entry if isinstance(argument, Progress) else argument
        if isinstance(entry, Entry):
            _now.set(phase_of(entry.service, entry.state, entry.effects))
    return _now.get()


def left(step: str) -> None:
    """`step` has returned."""
    if step == "ledger.settle":
        _now.set("")
