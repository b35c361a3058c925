"""W3C trace context: a request's trace goes on, with a span of the host's own; what has none begins one."""

import random
import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Trace:
    """What a function sees as `context.trace_context`."""

    parent: str
    state: str = ""


def follow(traceparent: str | None = None, tracestate: str | None = None) -> Trace:
    """A child of the caller's span, or a new trace when there is none that can be understood."""
    caller = _TRACEPARENT.fullmatch(traceparent or "")
    span = f"{random.getrandbits(64):016x}"
    if caller is None:
        return Trace(f"00-{random.getrandbits(128):032x}-{span}-00")
    return Trace(f"00-{caller[1]}-{span}-{caller[2]}", tracestate or "")
