"""What comes from outside is shown, and does nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from function_app.operator.console import clean, clean_lines, print_json, short, shorten, table


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


_ID = "/subscriptions/0000/resourceGroups/ml/providers/Microsoft.MachineLearningServices/workspaces/Prod"


def shown(width: int, wide: bool = False) -> str:
    rows = [("12-01 09:00:00", f"{_ID}|endpoint|flights", "staging.suite.unseen_category_rate \x1b[2J")]
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(table([("time (UTC)", {"no_wrap": True}), "entity", "limit"], rows, wide))
    return capture.get()


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_a_table_loses_no_column_and_no_part_of_a_cell(width: int) -> None:
    text = shown(width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    for name in ("time (UTC)", "entity", "limit"):
        assert name in text
    if width < 50:
        assert "…/workspaces/Prod|endpoint|flights" in "".join(text.split())
        assert "staging.suite.unseen_category_rate" in "".join(text.split())


def test_resource_ids_are_shown_by_their_last_parts_or_in_full() -> None:
    assert shorten(f"brake {_ID}|endpoint|flights, too") == "brake …/workspaces/Prod|endpoint|flights, too"
    assert shorten(_ID.strip("/").lower()) == "…/workspaces/prod"
    assert shorten("subscriptions/a reason with words") == "subscriptions/a reason with words"
    assert _ID in "".join(shown(240, wide=True).split())
