"""What was posted, field by field."""

import unicodedata
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approval_pages import form_of


def test_a_form_is_its_fields_with_line_ends_as_one_character() -> None:
    assert form_of(b"verdict=approve&comment=a%0D%0Ab+c&empty=") == {
        "verdict": "approve",
        "comment": "a\nb c",
        "empty": "",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"verdict=reject&verdict=approve",
        b"verdict=approve&comment=x&verdict=approve",
        b"%76erdict=reject&verdict=approve",
        b"\xff=1",
        b"&".join(b"f%d=1" % number for number in range(21)),
    ],
)
def test_a_form_that_can_be_read_in_two_ways_or_not_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        form_of(body)


@pytest.mark.parametrize(
    "hidden",
    ["\0", "\a", "\b", "\x1b", "\x7f", "\x9b", "\u200e", "\u202e", "\u2066", "\u2069", "\u061c", "\u200b", "\ufeff"],
)
def test_what_cannot_be_seen_or_turns_a_text_around_is_not_kept(hidden: str) -> None:
    assert form_of(f"comment={quote(f'no{hidden}t good')}".encode()) == {"comment": "not good"}


@given(text=st.text(max_size=50))
def test_no_control_or_bidi_character_is_kept_and_nothing_else_is_lost(text: str) -> None:
    found = form_of(urlencode({"comment": text}).encode())["comment"]
    assert not [one for one in found if unicodedata.category(one) == "Cc" and one not in "\n\t"]
    assert not [
        one for one in found if unicodedata.bidirectional(one) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"}
    ]
    plain = "".join(one for one in text if one.isprintable())
    assert [one for one in found if one.isprintable()] == list(plain)


@pytest.mark.parametrize("text", ["Grüße, Zoë", "日本語", "שלום", "می\u200cخواهم", "👩\u200d🔬", "a\tb"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert form_of(urlencode({"comment": text}).encode()) == {"comment": text}
