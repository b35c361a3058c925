"""Was a lane stopped, or does one stand still with something before it?"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok
from function_app.operator.doctor.patient import Patient
from function_app.operator.doctor.places import Stand, stands
from function_app.operator.moments import age
from function_app.operator.standing.lanes import lane_names

_LONG = timedelta(minutes=5)
_SEE = "sluice doctor control hubs, then control's log: it says what it tries again"


async def look(patient: Patient) -> Sequence[Finding]:
    names = sorted(lane_names())
    stops = await asyncio.gather(*map(patient.lanes.stopped, names))
    found = [
        broken(
            f"lane {name} was stopped at {stop.at:%m-%d %H:%M:%S}: {stop.reason}",
            f"sluice lanes resume {name} --reason 'it is mended'",
        )
        for name, stop in zip(names, stops, strict=True)
        if stop
    ]
    stood = await stands(patient)
    still = await asyncio.gather(*(_still(patient, each) for each in stood))
    found += [finding for finding in still if finding]
    return found or [ok(f"{len(names)} lanes go on; nothing waits longer than {_LONG.seconds // 60} min")]


async def _still(patient: Patient, stand: Stand) -> Finding | None:
    """Whatever the host has passed: the timer reads back what lies behind a position, within two minutes."""
    if stand.next is None:
        return None
    messages = await patient.reader.read(stand.place.hub, stand.place.partition, stand.next, stand.next)
    enqueued, now = (messages[0].enqueued_at if messages else None), patient.clock.now()
    if enqueued is None or now - enqueued < _LONG:
        return None
    words = f"{stand} is {stand.held.stop - stand.next} messages behind, the first of {age(enqueued, now)} ago"
    return broken(words, _SEE)


check = Check("lanes", "which lanes were stopped, and how long the next message of each reader has waited", look)
