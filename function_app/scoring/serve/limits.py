"""What a client may take: bytes, requests under way, and time. Times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """`head_s` and `body_s` run from the first byte of a request, `idle_s` between requests, `write_s` while a client
    does not take its answers. `pipelined` requests of one connection may wait for their answers. `held_bytes` is for
    the unfinished bodies of all connections together; who has more than `unread_bytes` of answers to take and asks on
    is cut off.
    """

    head_bytes: int = 16 << 10
    body_bytes: int = 16 << 20
    held_bytes: int = 256 << 20
    unread_bytes: int = 4 << 20
    connections: int = 1_000
    pipelined: int = 64
    head_s: float = 10.0
    body_s: float = 60.0
    idle_s: float = 75.0
    write_s: float = 30.0
