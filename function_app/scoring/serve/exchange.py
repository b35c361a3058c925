"""One request on its way in, and the place its answer waits for its turn."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

from services.scoring import (
    ARROW_STREAM,
    ARROW_TYPE,
    Answer,
    Invalid,
    Problem,
    Unpacking,
    packed,
    pays,
)

from .limits import HttpLimits

logger = logging.getLogger("sluice.scoring")

type Ids = tuple[tuple[str, str], ...]

# What a header field counts beside its bytes, so that many empty ones are bounded, too.
FIELD_BYTES = 32
_JSON_TYPES = (b"application/json", b"application/octet-stream", b"text/json")
_ARROW_TYPE = ARROW_TYPE.encode()
_TYPES = ("application/json", "application/octet-stream", ARROW_TYPE)


class Waiter(Protocol):
    """Whose requests they are."""

    def answered(self) -> None: ...


class Exchange:
    """`problem` is the first thing found wrong; `may_read_on` says whether the rest of the stream is still readable.

    All is set at once: reading a default of the class would take a search in both, for each request. The interpreter
    makes such an object faster than one with slots, or with arguments left out.
    """

    def __init__(self, waiter: Waiter) -> None:
        self._waiter = waiter
        self.url = self.method = self.body = self.content_type = b""
        self.began_ns = self.head_bytes = self._body_bytes = 0
        self.expects_continue = self.host = False
        self.keep_alive = self.may_read_on = True
        self.coding: str | None = None
        self.wish: str | None = None
        self.ids: Ids = ()
        self.answer: Answer | None = None
        self.content_length: int | None = None
        self.deployment: str | None = None
        self.finish: Callable[[Exchange, Answer], Answer] | None = None
        self.header_length: int | None = None
        self.problem: Problem | None = None
        self.sticky: str | None = None
        self.traceparent: str | None = None
        self._more: list[bytes] | None = None
        self._unpacking: Unpacking | None = None
        self._is_packing = False

    @property
    def is_plain(self) -> bool:
        """Nothing about it needs the parser's state: a body of a known length, and the connection stays.

        A head with an id or a trace in it will not come again.
        """
        return (
            self.problem is None and self.keep_alive and not self.expects_continue
            and self.method == b"POST" and self.content_length == self._body_bytes
            and not self.ids and self.traceparent is None and self.coding is None
        )  # fmt: skip

    def without_waiter(self) -> "Exchange":
        """To be kept for `again`: holds neither a client nor its body."""
        found = Exchange(cast(Waiter, None))
        found.url, found.method, found._body_bytes = self.url, self.method, self._body_bytes
        found.header_length, found.sticky, found.deployment = self.header_length, self.sticky, self.deployment
        found.wish = self.wish
        return found

    def again(self, waiter: Waiter, data: bytes) -> "Exchange":
        """The same head once more, before another body: the rest of `data`."""
        found = Exchange(waiter)
        found.url, found.method, found.body = self.url, self.method, data[-self._body_bytes :]
        found.header_length, found.sticky, found.deployment = self.header_length, self.sticky, self.deployment
        found.wish = self.wish
        return found

    @property
    def held_bytes(self) -> int:
        """What has come of the body and is kept."""
        return self._body_bytes if self.problem is None else 0

    def drop_body(self) -> None:
        """It will not be read."""
        self.body, self._more = b"", None

    def complete(self) -> None:
        """The last byte has come."""
        if self._unpacking is not None:
            try:
                self._unpacking.end()
            except Invalid as invalid:
                self.refuse(invalid.problem)
        if self._more is not None:
            self.body = b"".join(self._more)

    def reply(self, answer: Answer) -> None:
        """Now or later; the first call counts."""
        if self.answer is not None or self._is_packing:
            return
        if self.wish is not None and pays(answer):
            return self._pack(answer, self.wish)
        self._give(answer)

    def _give(self, answer: Answer) -> None:
        self.answer = answer if self.finish is None else self.finish(self, answer)
        self._waiter.answered()

    def _pack(self, answer: Answer, coding: str) -> None:
        """By a thread: others are answered meanwhile. Whoever waits gets the answer as it is, should that fail."""
        self._is_packing = True
        packing = asyncio.get_running_loop().run_in_executor(None, packed, answer, coding)

        def done(found: asyncio.Future[Answer]) -> None:
            error = found.exception()
            if error is not None:
                logger.error("an answer could not be packed", exc_info=error)
            self._give(answer if error is not None else found.result())

        packing.add_done_callback(done)

    def headers_complete(self, version: str, limits: HttpLimits) -> None:
        """Everything that can be refused before the body comes is refused here."""
        if self.coding is not None:
            self._unpacking = Unpacking(self.coding, limits.body_bytes)
        if self.head_bytes > limits.head_bytes:
            self.wrong(head_too_large(limits))
        elif version not in ("1.1", "1.0"):
            self.wrong(Problem(505, "only HTTP/1.1 and HTTP/1.0 are served"))
        elif version == "1.1" and not self.host:
            self.wrong(Problem(400, "host: the header is required"))
        elif self.content_length is not None and self.content_length > limits.body_bytes:
            self.wrong(Problem(413, f"body: {self.content_length} bytes, at most {limits.body_bytes} are taken"))
        elif self.method == b"POST" and self.content_type and self.content_type not in _JSON_TYPES:
            self._other_type()

    def _other_type(self) -> None:
        if self.content_type != _ARROW_TYPE:
            taken = ", ".join(_TYPES)
            self.refuse(Problem(415, f"content-type: one of {taken} is required", headers=(("accept", taken),)))
        elif self.header_length is not None:
            self.refuse(Problem(400, "inference-header-content-length: there is no JSON part before an Arrow stream"))
        else:
            self.header_length = ARROW_STREAM

    def refuse_upgrade(self) -> None:
        """The parser reads no further after such a request, so the connection ends with its answer."""
        self.refuse(Problem(400, "protocol upgrades are not served"))
        self.keep_alive = False

    def add(self, body: bytes, limits: HttpLimits) -> None:
        if self._unpacking is not None and self.problem is None:
            body = self._unpacked(self._unpacking, body)
        self._body_bytes += len(body)
        if self._body_bytes > limits.body_bytes:
            self.wrong(Problem(413, f"body: at most {limits.body_bytes} bytes are taken"))
        elif self.problem is not None:
            return  # read, so that the next request is found, but not kept
        elif not self.body:
            self.body = body
        elif self._more is None:
            self._more = [self.body, body]
        else:
            self._more.append(body)

    def _unpacked(self, unpacking: Unpacking, body: bytes) -> bytes:
        """What becomes of it is what is held, and counts: many small bodies may be large."""
        try:
            return unpacking.feed(body)
        except Invalid as invalid:
            self.refuse(invalid.problem)
            self.may_read_on = self.may_read_on and invalid.problem.status != 413
            self._unpacking = None
            return body

    def refuse(self, problem: Problem) -> None:
        self.problem = self.problem or problem

    def wrong(self, problem: Problem) -> None:
        self.refuse(problem)
        self.may_read_on = False


def with_ids(exchange: Exchange, answer: Answer) -> Answer:
    """The ids that the caller gave its request are those of the answer, too."""
    return replace(answer, headers=(*answer.headers, *exchange.ids)) if exchange.ids else answer


def head_too_large(limits: HttpLimits) -> Problem:
    return Problem(
        431, f"the head of a request may have {limits.head_bytes} bytes, {FIELD_BYTES} for each field included"
    )
