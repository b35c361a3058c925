"""Does a position lie beyond the end of its hub? Its reader would pass over everything until the numbers catch up."""

from collections.abc import Sequence
from dataclasses import replace

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, Mend, broken, ok
from function_app.operator.doctor.patient import Patient
from function_app.operator.doctor.places import Stand, stands
from shared.ports import Position

_FIX = "sluice doctor positions --fix, then restart control: it remembers where it was"


async def look(patient: Patient) -> Sequence[Finding]:
    found = await stands(patient)
    former = sum(not each.is_of_this_log for each in found)
    anew = f"; {former} are of a hub that was replaced, and begin anew with its next message" if former else ""
    return [_beyond(patient, each) for each in found if each.is_beyond] or [
        ok(f"{len(found)} positions, none beyond its hub's end{anew}")
    ]


def _beyond(patient: Patient, stand: Stand) -> Finding:
    last = stand.held.stop - 1
    words = f"{stand} stands at {stand.position.sequence}, and the hub ends at {last}: what comes is passed over"
    return broken(words, _FIX, Mend(f"set {stand} back to {stand.held.start - 1}", lambda: _set_back(patient, stand)))


async def _set_back(patient: Patient, stand: Stand) -> None:
    """To where the hub begins: what was handled before is recognised by its id. Raises `Moved`."""
    after = Position(stand.epoch, stand.held.start - 1)
    if stand.is_fold:
        await patient.folds_to_mend.write(stand.place, replace(after, version=stand.position.version), {})
    else:
        await patient.positions_to_mend.move(stand.place, stand.position, after)


check = Check("positions", "each reader's position against its hub's epoch and last message", look)
