"""What the terminal shows: text from outside is stripped of what could steer it, and nothing is read as markup."""

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Everything that moves the cursor, changes colours, reorders text or cannot be seen.
_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_WIDTH_OF_FILES = 160


def clean(text: object) -> str:
    """One line, of printable characters only."""
    spaced = "".join(" " if character in "\n\r\t" else character for character in str(text))
    return "".join(character for character in spaced if unicodedata.category(character) not in _STEERING)


def clean_lines(text: str) -> str:
    """The same, but lines stay lines."""
    return "\n".join(clean(line) for line in text.splitlines())


def short(digest: str) -> str:
    """As much of an id or a digest as tells it from others at sight."""
    return clean(digest)[:8]


def output() -> Console:
    """Fits the terminal; a file or a pipe gets wider lines, unless COLUMNS says otherwise."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_FILES
    return console


def say(text: str | Text = "") -> None:
    """A line of ours: it wraps at words."""
    output().print(text)


def warn(text: str) -> None:
    """To standard error, so that what is piped stays clean."""
    Console(stderr=True, highlight=False, markup=False, emoji=False).print(Text(clean(text), style="yellow"))


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """A line on a terminal's standard error while something is waited for; what it says may be exchanged."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(Text(clean(text))) as status:
        yield lambda words: status.update(Text(clean(f"{text}; {words}")))


def print_json(value: object, *, lines: bool = False) -> None:
    """ASCII only: JSON escapes whatever could steer a terminal. `lines`: one value, one line."""
    text = json.dumps(value, indent=None if lines else 2, ensure_ascii=True, default=str)
    sys.stdout.write(text.replace("\x7f", "\\u007f") + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str | tuple[str, Any]], rows: Sequence[Sequence[object]]) -> Table:
    """Cells are cleaned; a `Text` is shown as it is."""
    made = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
    for column in columns:
        name, options = (column, {}) if isinstance(column, str) else column
        made.add_column(name, **options)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
    return made
