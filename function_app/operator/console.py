"""What the terminal shows: text from outside is stripped of what could steer it, and nothing is read as markup."""

import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

# Everything that moves the cursor, changes colours, reorders text or cannot be seen.
_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_WIDTH_OF_FILES = 160
_READABLE = 16
_RESOURCE = re.compile(r"/?subscriptions/[^\s|,;]*?/([^\s/|,;]+/[^\s/|,;]+)(?=$|[\s|,;])", re.IGNORECASE)


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


def table(columns: Sequence[str | tuple[str, Any]], rows: Sequence[Sequence[object]], wide: bool = False) -> "Grid":
    """Cells are cleaned, and resource ids shortened unless it is `wide`; a `Text` is shown as it is."""
    named = [(column, {}) if isinstance(column, str) else column for column in columns]
    cells = [[cell if isinstance(cell, Text) else Text(_cell(cell, wide)) for cell in row] for row in rows]
    return Grid(named, cells)


def shorten(text: str) -> str:
    """Resource ids by their last two parts."""
    return _RESOURCE.sub(r"…/\1", text)


def _cell(value: object, wide: bool) -> str:
    return clean(value) if wide else shorten(clean(value))


@dataclass(frozen=True, slots=True)
class Grid:
    """A table where all its columns find room; else each row as lines of `column: cell`, so that nothing is lost."""

    columns: Sequence[tuple[str, Mapping[str, Any]]]
    rows: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._table() if self._least() <= options.max_width else Group(*map(self._stacked, self.rows))

    def _least(self) -> int:
        """Cells that may not wrap whole, others as wide as is readable."""
        widths = []
        for index, (name, how) in enumerate(self.columns):
            widest = max(cell_len(name), *(row[index].cell_len for row in self.rows), 0)
            widths.append(widest if how.get("no_wrap") else min(widest, _READABLE))
        return sum(widths) + 2 * (len(widths) - 1)

    def _table(self) -> Table:
        made = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
        for name, how in self.columns:
            made.add_column(name, **{"overflow": "fold", **how})
        for row in self.rows:
            made.add_row(*row)
        return made

    def _stacked(self, row: Sequence[Text]) -> Text:
        text = Text(overflow="fold")
        for (name, _), cell in zip(self.columns, row, strict=True):
            text.append(f"{name}: ", style="bold").append_text(cell).append("\n")
        return text
