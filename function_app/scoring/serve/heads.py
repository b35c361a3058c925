"""Heads of requests that were parsed before: a client sends the same ones again and again.

What equals a head that the parser took byte by byte means the same. So only its end has to be found, and the parser,
which is between two messages then, need not see it.
"""

from .exchange import Exchange

_MOST = 1_000
_LONGEST = 1_024
_END = b"\r\n\r\n"


class Heads:
    """Bounded: when it is full it begins anew, for a client may well give each request a head of its own."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, Exchange]] = {}

    def find(self, data: bytes) -> Exchange | None:
        """The request that had this head, if `data` is this head and its whole body."""
        found = self._known.get(data[: data.find(_END, 0, _LONGEST) + 4])
        return found[1] if found is not None and found[0] == len(data) else None

    def learn(self, data: bytes, exchange: Exchange) -> None:
        """`exchange` came last out of `data`; kept if it is a plain request, complete and alone in there."""
        end = data.find(_END, 0, _LONGEST) + 4
        if end < 4 or not exchange.is_plain or end + len(exchange.body) != len(data) or not exchange.body:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[data[:end]] = len(data), exchange.without_waiter()
