"""What comes from outside is shown, and does nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.operator.console import clean, clean_lines, print_json, short


@given(st.text())
def test_clean_text_is_one_printable_line(text: str) -> None:
    assert all(character.isprintable() or character.isspace() for character in clean(text))
    assert not set(clean(text)) & set("\x1b\n\r\t\x07\x7f\x9b\u202e\u200f\u2028")


def test_clean_text_keeps_what_people_write() -> None:
    assert clean("Straße 5 – 東京 ✓ [red]") == "Straße 5 – 東京 ✓ [red]"
    assert clean("one\ntwo\x1b[31m") == "one two[31m"
    assert clean_lines("one\r\ntwo\x07\n") == "one\ntwo"


def test_an_id_is_shortened_after_it_was_cleaned() -> None:
    assert short("\x1b\x1b0123456789") == "01234567"


@given(st.dictionaries(st.text(), st.text()))
def test_json_is_ascii_without_control_characters_and_says_the_same(value: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr("sys.stdout.write", written.append)
        print_json(value, lines=True)
    text = "".join(written)
    assert text.endswith("\n")
    assert all(" " <= character <= "~" for character in text[:-1])
    assert json.loads(text) == value
