"""Packed bodies: whatever comes, no more than the bound is unpacked, and what is cut off or followed is refused."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.protocol.answers import JSON, Answer, Invalid, Problem
from services.scoring.protocol.content_coding import (
    SMALLEST,
    Unpacking,
    coding_of,
    packed,
    pays,
    unpacked,
    wished,
)

PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "x-gzip": gzip.compress}


def in_parts(data: bytes, coding: str, part: int, most: int) -> bytes:
    unpacking = Unpacking(coding, most)
    found = b"".join(unpacking.feed(data[at : at + part]) for at in range(0, len(data), part))
    unpacking.end()
    return found


@given(st.sampled_from(sorted(PACK)), st.binary(max_size=200), st.integers(1, 30), st.integers(0, 250))
def test_in_parts_as_in_one_it_is_what_was_packed_or_too_much(coding: str, body: bytes, part: int, most: int) -> None:
    data = PACK[coding](body)
    whole = unpacked(data, coding, most)
    if max(len(body), len(data)) > most:
        with pytest.raises(Invalid, match="at most"):
            in_parts(data, coding, part, most)
        assert isinstance(whole, Problem)
        assert whole.status == 413
    else:
        assert in_parts(data, coding, part, most) == body == whole


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_takes_no_more_than_the_bound(coding: str) -> None:
    bomb = PACK[coding](bytes(20 << 20))
    assert len(bomb) < 100_000
    tracemalloc.start()
    found = unpacked(bomb, coding, 1 << 20)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(found, Problem)
    assert (found.status, found.message) == (413, "body: at most 1048576 bytes are taken, packed and unpacked")
    assert most < 8 << 20


def test_what_never_becomes_anything_is_bounded_too() -> None:
    """Empty blocks without an end: the packed bytes count as well."""
    packer = zlib.compressobj()
    nothing = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    empty_block = nothing[-5:]
    unpacking = Unpacking("deflate", 1_000)
    assert unpacking.feed(nothing) == b""
    fed = [unpacking.feed(empty_block) for _ in range(190)]
    assert fed == [b""] * 190
    with pytest.raises(Invalid, match="at most 1000 bytes"):
        unpacking.feed(empty_block * 10)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(b"abc", mtime=0)[:-1], "body: gzip: it is cut off"),
        (gzip.compress(b"abc", mtime=0)[:5], "body: gzip: it is cut off"),
        (gzip.compress(b"abc", mtime=0) + b"x", "body: gzip: there are bytes after its end"),
        (gzip.compress(b"abc", mtime=0) * 2, "body: gzip: there are bytes after its end"),
        (gzip.compress(b"abc", mtime=0)[:-8] + bytes(8), "body: not gzip (Error -3"),
        (b'{"inputs": []}', "body: not gzip (Error -3"),
        (zlib.compress(b"abc"), "body: not gzip (Error -3"),
    ],
)
def test_what_is_not_whole_is_told(data: bytes, words: str) -> None:
    found = unpacked(data, "gzip", 1_000)
    assert isinstance(found, Problem)
    assert (found.status, found.message[: len(words)]) == (400, words)


def test_an_unknown_coding_is_told_what_would_do() -> None:
    for said in ("br", "gzip, gzip", "zstd", "gzip;q=1"):
        problem = coding_of(said)
        assert isinstance(problem, Problem)
        assert (problem.status, dict(problem.answer().headers)["accept-encoding"]) == (415, "gzip, deflate, identity")
    assert [coding_of(said) for said in ("", " Identity", "GZIP ", "x-gzip", "deflate")] == [
        None, None, "gzip", "x-gzip", "deflate",
    ]  # fmt: skip
    assert unpacked(b"abc", "identity", 3) == b"abc"


@pytest.mark.parametrize(
    ("said", "coding"),
    [
        ("", None), ("identity", None), ("br", None), ("gzip", "gzip"), ("deflate", "deflate"), ("*", "gzip"),
        ("gzip, deflate, br", "gzip"), ("deflate, GZIP;q=0.5", "gzip"), ("gzip;q=0, deflate", "deflate"),
        ("gzip; q=0, *", "deflate"), ("*;q=0", None), ("gzip;q=x", None), (",;,=", None), ("gzip," * 100, None),
    ],
)  # fmt: skip
def test_answers_are_packed_as_was_wished(said: str, coding: str | None) -> None:
    assert wished(said) == coding


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_packed_answer_says_so_and_is_the_same(coding: str) -> None:
    answer = Answer(200, b'{"data": [1.5, 2.5]}' * 1_000, (*JSON, ("sluice-model-version", "1")))
    found = packed(answer, coding)
    assert len(found.body) < len(answer.body) / 2
    assert (zlib.decompress(found.body, 47), found.status) == (answer.body, 200)
    assert found.headers == (*answer.headers, ("content-encoding", coding), ("vary", "accept-encoding"))
    assert not pays(found)


@pytest.mark.parametrize(
    ("kind", "size", "is_worth_it"),
    [
        ("application/json", SMALLEST, True),
        ("application/json", SMALLEST - 1, False),
        ("text/plain; version=0.0.4", SMALLEST, True),
        ("application/octet-stream", 1 << 20, False),
        ("application/vnd.apache.arrow.stream", 1 << 20, False),
    ],
)
def test_it_pays_for_texts_that_are_not_small(kind: str, size: int, is_worth_it: bool) -> None:
    assert pays(Answer(200, bytes(size), (("content-type", kind),))) is is_worth_it
