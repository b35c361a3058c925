"""What the terminal shows while the story is told: acts, what is being waited for, and what has come about."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

SILENT_AT_MOST_S = 15.0


class Stage:
    """A moving status line where there is a terminal; else plain lines, and now and then one that says what goes on."""

    def __init__(self, console: Console, silent_at_most_s: float = SILENT_AT_MOST_S) -> None:
        self._console, self._start = console, time.monotonic()
        self._doing, self._silent_at_most_s = "starting", silent_at_most_s
        self._status = console.status("starting", spinner="dots")

    @contextmanager
    def act(self, number: str, title: str) -> Iterator[None]:
        self._console.rule(Text(f"Act {number}. {title}", style="bold"), align="left")
        with self._status if self._console.is_terminal else self._now_and_then():
            yield

    @contextmanager
    def _now_and_then(self) -> Iterator[None]:
        over = threading.Event()
        speaker = threading.Thread(target=self._speak_until, args=(over,), daemon=True)
        speaker.start()
        try:
            yield
        finally:
            over.set()
            speaker.join()

    def _speak_until(self, over: threading.Event) -> None:
        while not over.wait(self._silent_at_most_s):
            self.done(f"... {self._doing}")

    def doing(self, what: str) -> None:
        """Something is under way; shown until the next word, or on a pipe when it takes long."""
        self._doing = what
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


def _printable(text: str) -> str:
    """Outside text never moves the cursor or colours the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
