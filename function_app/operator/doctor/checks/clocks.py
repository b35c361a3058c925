"""Do the clocks agree: this machine's, the store's, the hubs', and control's?"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import Patient
from shared.ports import Clock

# The store says whole seconds.
_NOTICED = timedelta(seconds=15)
# Signatures and tokens are refused when clocks differ by so much.
_REFUSED = timedelta(minutes=5)
_HERE = "set this machine's clock by NTP: timedatectl set-ntp true"


async def look(patient: Patient) -> Sequence[Finding]:
    whose = ["the store", *(f"hub {hub}" for hub in patient.readable)]
    asked = [
        _difference(patient.clock, each) for each in (patient.store.now(), *map(patient.hubs.now, patient.readable))
    ]
    found = [
        _told(f"this machine's clock is {_words(each)} that of {of}", each, _HERE)
        for of, each in zip(whose, await asyncio.gather(*asked), strict=True)
        if each is not None
    ]
    if (last := await patient.heartbeats.last()) is not None:
        beat = last.at - last.written_at
        found.append(
            _told(f"control's clock was {_words(beat)} that of the store", beat, "it is Azure's: a new instance")
        )
    wrong = [finding for finding in found if finding]
    return wrong or [ok(f"{len(found) + 1} clocks agree within {_NOTICED.seconds} s")]


async def _difference(clock: Clock, asked: Awaitable[datetime | None]) -> timedelta | None:
    """Ours less theirs, as little as the time that the answer took leaves possible; None where they have no time."""
    before = clock.now()
    theirs = await asked
    if theirs is None:
        return None
    after = clock.now()
    return max(before - theirs, timedelta()) + min(after - theirs, timedelta())


def _told(words: str, difference: timedelta, repair: str) -> Finding | None:
    if abs(difference) < _NOTICED:
        return None
    return broken(words, repair) if abs(difference) >= _REFUSED else warning(words, repair)


def _words(difference: timedelta) -> str:
    return f"{abs(difference).total_seconds():.0f} s {'ahead of' if difference > timedelta() else 'behind'}"


check = Check("clocks", "the store's, the hubs' and control's clock against this machine's", look)
