"""Does control's timer run, and is it this build?"""

from collections.abc import Sequence

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import Patient
from function_app.operator.moments import age
from shared.reactor.runtime import HEARTBEAT

_START = "see that the app runs (az functionapp show, locally make status), and its log"
_MISSED = 3


async def look(patient: Patient) -> Sequence[Finding]:
    last = await patient.heartbeats.last()
    if last is None:
        return [broken("control's timer has never run here", _START)]
    now = await patient.store.now()
    ago = age(last.written_at, now)
    if now - last.written_at > _MISSED * HEARTBEAT:
        return [broken(f"control's timer ran {ago} ago for the last time; it should every minute", _START)]
    if last.build != patient.build:
        words = f"control runs build {last.build[:8]}, this command line is of build {patient.build[:8]}"
        return [warning(words, "deploy again, or use the command line of what is deployed (sluice --version)")]
    return [ok(f"its timer ran {ago} ago, with this build ({last.build[:8]})")]


check = Check("control", "when control's timer ran for the last time, and the build that it is", look)
