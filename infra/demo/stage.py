"""What the terminal shows while the story is told: acts, what is being waited for, and what has come about."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text


class Stage:
    """Plain lines where there is no terminal, a moving status line where there is one."""

    def __init__(self, console: Console) -> None:
        self._console, self._start = console, time.monotonic()
        self._status = console.status("starting", spinner="dots")

    @contextmanager
    def act(self, number: str, title: str) -> Iterator[None]:
        self._console.rule(Text(f"Act {number}. {title}", style="bold"), align="left")
        with self._status if self._console.is_terminal else _nothing():
            yield

    def doing(self, what: str) -> None:
        """Something is under way; shown until the next word."""
        if self._console.is_terminal:
            self._status.update(Text(what))

    def week(self, start: str, flights: int, finding: str) -> None:
        self.doing(f"week of {start}: {flights:,} flights are scored; {finding}")

    def done(self, what: str) -> None:
        """Something has come about; it stays on the screen."""
        self._console.print(Text.assemble((f"{self.seconds():6.1f} s  ", "dim"), (_printable(what), "")))

    def ask(self, what: str, link: str) -> None:
        self._console.print(Text(f"\n{what}", style="bold"))
        self._console.print(Text(link, style="underline"), soft_wrap=True)

    def seconds(self) -> float:
        return time.monotonic() - self._start


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _printable(text: str) -> str:
    """Outside text never moves the cursor or colours the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
