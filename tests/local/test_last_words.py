"""The line of a log that says why, among all that surrounds it."""

from pathlib import Path

import pytest

from infra.local import last_words

NODE = """node:internal/modules/cjs/loader:1228
  throw err;
  ^

Error: Cannot find module 'azurite/dist/src/azurite.js'
Require stack:
- /somewhere/infra/local/azurite_launcher.cjs
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:171:5) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/somewhere/infra/local/azurite_launcher.cjs' ]
}

Node.js v22.1.0
--- 12:00:00 ended with 1; next start in 0.25 s
"""
PYTHON = """INFO: starting
Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
    raise BadConfig(name)
infra.local.eventhubs.config.BadConfig: no hub named 'inbund'
--- 12:00:00 ended with 1; next start in 0.25 s
"""


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (NODE, "Error: Cannot find module 'azurite/dist/src/azurite.js'"),
        (PYTHON, "infra.local.eventhubs.config.BadConfig: no hub named 'inbund'"),
        ("Exit due to unhandled error: not a directory.\n", "Exit due to unhandled error: not a directory"),
        ("Error [ERR_SOCKET]: closed\n\n", "Error [ERR_SOCKET]: closed"),
        ("", "it said nothing"),
    ],
)
def test_the_reason_is_one_line(tmp_path: Path, log: str, reason: str) -> None:
    (tmp_path / "log").write_text(log)
    assert last_words.of(tmp_path / "log") == reason


def test_a_log_that_was_never_written_says_nothing(tmp_path: Path) -> None:
    assert last_words.of(tmp_path / "none") == "it said nothing"


@pytest.mark.parametrize(
    ("reason", "repair"),
    [
        ("Error: Cannot find module 'azurite/dist/src/azurite.js'", "rm -rf node_modules && make setup"),
        ("ModuleNotFoundError: No module named 'aiohttp'", "rm -rf .venv && make setup"),
        ("OSError: [Errno 98] address already in use", "Start it again"),
    ],
)
def test_what_repairs_it_is_said_where_it_is_known(reason: str, repair: str) -> None:
    assert repair in last_words.repair(reason)


def test_nothing_is_promised_where_it_is_not() -> None:
    assert last_words.repair("KeyError: 'x'") == ""
