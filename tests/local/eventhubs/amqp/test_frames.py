"""However the network cuts a stream, the same frames come out of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.eventhubs.amqp.frames import (
    AMQP_HEADER,
    EMPTY_FRAME,
    MAX_FRAME_SIZE,
    SASL_HEADER,
    Frame,
    FrameBuffer,
    frame,
    performative,
)
from infra.local.eventhubs.amqp.values import DecodeError

PIECES = st.one_of(
    st.sampled_from([AMQP_HEADER, SASL_HEADER, EMPTY_FRAME]),
    st.builds(frame, st.integers(0, 9), st.just(performative(0x14, 1)), st.binary(max_size=40)),
)


def read(chunks: list[bytes]) -> list[Frame | bytes | None]:
    buffer = FrameBuffer()
    return [found for chunk in chunks for found in buffer.feed(chunk)]


@given(st.lists(PIECES, max_size=8), st.lists(st.integers(0, 500), max_size=30))
def test_any_cuts_of_a_stream_give_the_same_frames(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    at = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    whole = read([stream])
    assert len(whole) == len(pieces)
    assert read([stream[start:end] for start, end in pairwise(at)]) == whole
    assert read([stream[index : index + 1] for index in range(len(stream))]) == whole


@pytest.mark.parametrize("size", [0, 7, MAX_FRAME_SIZE + 1])
def test_a_frame_of_a_wrong_size_is_refused_as_soon_as_it_says_so(size: int) -> None:
    head = size.to_bytes(4) + b"\2\0\0\0"
    for chunks in ([head], [head[:3], head[3:]]):
        with pytest.raises(DecodeError, match=f"a frame of {size} bytes"):
            read(chunks)
