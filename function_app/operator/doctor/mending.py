"""Carrying out what findings propose: each step by itself, so that whatever ends it leaves whole steps behind."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from function_app.operator.doctor.examining import Examined
from function_app.operator.doctor.finding import Mend
from shared.ports import Moved, Refused, Unavailable


@dataclass(frozen=True, slots=True)
class Mended:
    """`failure` says why it was not done, empty when it was."""

    words: str
    failure: str = ""


def plan(examined: Sequence[Examined]) -> list[Mend]:
    return [finding.mend for each in examined for finding in each.findings if finding.mend]


async def carry_out(mends: Sequence[Mend]) -> AsyncIterator[Mended]:
    """One after the other. What changed since it was looked at is left alone."""
    for mend in mends:
        try:
            await mend.perform()
        except Moved:
            yield Mended(mend.words, "it has changed since, and is left alone")
        except (Unavailable, Refused) as error:
            yield Mended(mend.words, str(error))
        else:
            yield Mended(mend.words)
