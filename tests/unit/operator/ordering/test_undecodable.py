"""What a terminal in another encoding sends is said to be no text, and nothing is sent."""

import pytest

from tests.unit.operator.terminal import REASON, Terminal

# As Python reads bytes of a command line that are not UTF-8.
LATIN_1 = "caf\udce9"
_BY = ("--operator", "petra@example.com")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("pause", "all", *_BY, "--reason", LATIN_1), "reason"),
        (("resume", "all", *_BY, "--reason", LATIN_1), "reason"),
        (("rollback", "flights", *_BY, "--reason", LATIN_1), "reason"),
        (("lanes", "resume", "lifecycle", *_BY, "--reason", LATIN_1), "reason"),
        (("pause", "all", "--operator", LATIN_1, "--reason", "latency"), "operator"),
        (("lanes", "resume", LATIN_1, *REASON, "--force"), "lane"),
        (("redrive", LATIN_1, "--letter", "l", *REASON, "--force"), "service"),
        (("redrive", "drift", "--letter", LATIN_1, *REASON, "--force"), "letter"),
        (("pause", LATIN_1, *REASON, "--force"), "no endpoint can have this name"),
        (("rollback", LATIN_1, *REASON, "--force"), "no endpoint can have this name"),
    ],
)
def test_undecodable_bytes_are_named_and_not_sent(terminal: Terminal, arguments: tuple[str, ...], names: str) -> None:
    result = terminal.sluice(*arguments)
    assert (result.exit_code, terminal.sent) == (2, []), result.output
    shown = " ".join(result.stderr.replace("│", " ").split())
    assert names in shown
    assert "UTF-8" in shown or "endpoint" in shown


@pytest.mark.parametrize(("reason", "says"), [("", "at least 1 character"), ("x" * 2001, "at most 2000 characters")])
def test_so_is_a_reason_that_no_event_may_hold(terminal: Terminal, reason: str, says: str) -> None:
    result = terminal.sluice("pause", "all", *_BY, "--reason", reason)
    assert (result.exit_code, terminal.sent) == (2, [])
    assert says in " ".join(result.stderr.replace("│", " ").split())
