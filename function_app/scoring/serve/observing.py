"""What is told of a request when it has been answered: its line in the access log, its span, its ids in the answer."""

from collections.abc import Callable, Sequence
from time import time_ns
from typing import NamedTuple

from services.scoring import Answer

from .exchange import Exchange, Ids, with_ids


class Handled(NamedTuple):
    """One request and its answer, without their contents. Times in ns since 1970."""

    began_ns: int
    ended_ns: int
    method: bytes
    url: bytes
    status: int
    bytes_in: int
    bytes_out: int
    headers: tuple[tuple[str, str], ...]
    ids: Ids
    traceparent: str | None

    @property
    def path(self) -> str:
        """Printable and short; without the query, which may hold a key."""
        return self.url.partition(b"?")[0][:300].decode("ascii", "backslashreplace").replace("\x7f", "\\x7f")

    @property
    def version(self) -> str | None:
        return dict(self.headers).get("sluice-model-version")


class Observer:
    """Knows every request that reaches an answer; `takers` must not wait."""

    def __init__(self, takers: Sequence[Callable[[Handled], None]]) -> None:
        self._takers = tuple(takers)

    def begin(self, exchange: Exchange) -> None:
        exchange.began_ns = time_ns()
        exchange.finish = self._finish

    def _finish(self, exchange: Exchange, answer: Answer) -> Answer:
        handled = Handled(
            exchange.began_ns, time_ns(), exchange.method, exchange.url, answer.status, len(exchange.body),
            len(answer.body), answer.headers, exchange.ids, exchange.traceparent,
        )  # fmt: skip
        for take in self._takers:
            take(handled)
        return with_ids(exchange, answer)
