"""Is what waits tried again when its time has come?"""

from collections.abc import Sequence
from datetime import timedelta

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok
from function_app.operator.doctor.patient import Patient
from function_app.operator.moments import age

_LATE = timedelta(minutes=5)
_MOST = 200


async def look(patient: Patient) -> Sequence[Finding]:
    waiting, now = await patient.ledger.pending(_MOST), patient.clock.now()
    late = sorted((each for each in waiting if now - each.due > _LATE), key=lambda each: each.due)
    if not late:
        return [ok(f"{len(waiting)} events wait, and are tried again in time (sluice status says why they wait)")]
    first = late[0]
    words = f"{len(late)} events should have been tried again; {first.service} since {age(first.due, now)}"
    return [broken(words, "see `sluice doctor control`: the timer of control tries again")]


check = Check("pending", "when what waits should have been tried again", look)
