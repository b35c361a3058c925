"""Bodies packed as gzip or deflate (RFC 9110, 8.4.1): unpacked within a bound, packed where it pays."""

import zlib
from dataclasses import replace
from functools import lru_cache

from services.scoring.protocol.answers import Answer, Invalid, Problem

ACCEPTED = "gzip, deflate, identity"
# Answers from this size on, of texts: two values out of five are saved. Below, and of numbers as bytes, too little is.
SMALLEST = 16 << 10
_TEXTS = ("application/json", "text/")
# What zlib calls the two of them. Level 1: level 6 takes five times as long for a tenth less.
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_LEVEL = 1
_LONGEST_WISH = 200


def coding_of(value: str) -> str | Problem | None:
    """What `content-encoding` says, None for nothing."""
    coding = value.strip().lower()
    if coding in ("", "identity"):
        return None
    if coding in _WINDOW_BITS:
        return coding
    words = f"content-encoding: one of {ACCEPTED} is required, found {coding!r:.100}"
    return Problem(415, words, headers=(("accept-encoding", ACCEPTED),))


class Unpacking:
    """A packed body as it comes in. Neither it nor what it becomes may be more than `most` bytes."""

    def __init__(self, coding: str, most: int) -> None:
        self._coding = coding
        self._most = most
        self._packed = self._unpacked = 0
        self._unpack = zlib.decompressobj(_WINDOW_BITS[coding])

    def feed(self, data: bytes) -> bytes:
        """Raises `Invalid`: with 413 for too much, of which no more than the bound was unpacked."""
        self._packed += len(data)
        try:
            found = self._unpack.decompress(data, self._most - self._unpacked + 1)
        except zlib.error as error:
            raise Invalid(f"body: not {self._coding} ({error})") from None
        self._unpacked += len(found)
        if max(self._packed, self._unpacked) > self._most:
            raise Invalid(f"body: at most {self._most} bytes are taken, packed and unpacked", 413)
        if self._unpack.unused_data:
            raise Invalid(f"body: {self._coding}: there are bytes after its end")
        return found

    def end(self) -> None:
        """All has come. Raises `Invalid` when the end is missing."""
        if self._packed and not self._unpack.eof:
            raise Invalid(f"body: {self._coding}: it is cut off")


def unpacked(body: bytes, said: str, most: int) -> bytes | Problem:
    """A body that is there as a whole; `said` is its `content-encoding`."""
    coding = coding_of(said)
    if not isinstance(coding, str):
        return body if coding is None else coding
    unpacking = Unpacking(coding, most)
    try:
        found = unpacking.feed(body)
        unpacking.end()
    except Invalid as invalid:
        return invalid.problem
    return found


@lru_cache(256)
def wished(accept_encoding: str) -> str | None:
    """The coding to answer in: gzip before deflate, None for neither. Their weights only say no."""
    if len(accept_encoding) > _LONGEST_WISH:
        return None
    weights = dict(map(_weight, accept_encoding.lower().split(",")))
    return next((each for each in ("gzip", "deflate") if weights.get(each, weights.get("*", 0.0)) > 0), None)


def _weight(part: str) -> tuple[str, float]:
    name, _, rest = part.partition(";")
    try:
        return name.strip(), float(rest.strip().removeprefix("q=") or 1)
    except ValueError:
        return name.strip(), 0.0


def pays(answer: Answer) -> bool:
    """Whether it is worth packing."""
    if len(answer.body) < SMALLEST:
        return False
    headers = dict(answer.headers)
    return headers.get("content-type", "").startswith(_TEXTS) and "content-encoding" not in headers


def packed(answer: Answer, coding: str) -> Answer:
    """Takes a millisecond for 100 kB: not for an event loop."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS[coding])
    body = packer.compress(answer.body) + packer.flush()
    said = (("content-encoding", coding), ("vary", "accept-encoding"))
    return replace(answer, body=body, headers=(*answer.headers, *said))
