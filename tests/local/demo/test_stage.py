"""What is shown where there is no terminal."""

import io
import threading

from rich.console import Console

from infra.demo.stage import Stage


class Pipe(io.StringIO):
    """Notices a word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word, self.heard = word, threading.Event()

    def write(self, text: str) -> int:
        if self._word in text:
            self.heard.set()
        return super().write(text)


def test_on_a_pipe_a_long_wait_says_what_it_waits_for() -> None:
    pipe = Pipe("... training version 1: Running")
    stage = Stage(Console(file=pipe, width=120), silent_at_most_s=0.01)
    with stage.act("1", "A model goes live"):
        stage.doing("training version 1: Running")
        assert pipe.heard.wait(20)
    assert pipe.getvalue().startswith("Act 1. A model goes live")


def test_after_the_act_nothing_more_is_said() -> None:
    pipe, before = Pipe("... "), set(threading.enumerate())
    stage = Stage(Console(file=pipe, width=120), silent_at_most_s=0.01)
    with stage.act("1", "A model goes live"):
        assert pipe.heard.wait(20)
    assert set(threading.enumerate()) <= before
