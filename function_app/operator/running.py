"""Running a command: what it raises becomes one sentence and an exit code.

0: done. 1: the answer is no (broken, missing, invalid). 2: wrong arguments or settings. 3: cannot be reached now.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import typer

from function_app.operator.console import warn
from shared.policies import InvalidPolicy
from shared.ports import Refused, Unavailable
from shared.settings.operator import NoSettings

NO, USAGE, UNREACHABLE = 1, 2, 3
INTERRUPTED = 130


class Unknown(Exception):
    """What was asked for is not there; the message says what to try instead."""


def run[T](command: Coroutine[Any, Any, T], interrupted: str = "") -> T:
    """The command's result; ends the process with a sentence for every error that has a meaning here.

    `interrupted` is what Ctrl-C leaves behind, in words; without them it ends in silence.
    """
    try:
        return asyncio.run(command)
    except KeyboardInterrupt:
        raise (_failed(interrupted, INTERRUPTED) if interrupted else typer.Exit(INTERRUPTED)) from None
    except (NoSettings, InvalidPolicy) as error:
        raise _failed(str(error), USAGE) from error
    except (Unknown, Refused) as error:
        raise _failed(str(error), NO) from error
    except Unavailable as error:
        hint = "is it running (`make status`, `make up`), and may this key read it?"
        raise _failed(f"cannot be reached: {error} ({hint})", UNREACHABLE) from error


def _failed(text: str, code: int) -> typer.Exit:
    warn(f"sluice: {text}")
    return typer.Exit(code)
