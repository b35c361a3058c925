"""Are all hubs and consumer groups there, with the partitions that were declared?"""

import asyncio
from collections.abc import Sequence

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import Patient, Stream
from shared.ports import Absent, Hub, Unavailable

_DEPLOY = "deploy the templates once more: infra/azure/deploy.sh (locally: make up)"
_RIGHT = "see that it is there, and give this identity role Azure Event Hubs Data Receiver on it"


async def look(patient: Patient) -> Sequence[Finding]:
    streams = {hub: patient.streams[hub] for hub in patient.readable if hub in patient.streams}
    looked = await asyncio.gather(*(_hub(patient, hub, stream) for hub, stream in streams.items()))
    groups = sum(len(stream.groups) for stream in streams.values())
    found = [finding for each in looked for finding in each]
    return found or [ok(f"{len(streams)} hubs with {groups} consumer groups, partitions as declared")]


async def _hub(patient: Patient, hub: Hub, stream: Stream) -> list[Finding]:
    try:
        shape = await patient.hubs.shape(hub)
        there = await asyncio.gather(*(patient.hubs.has_group(hub, group) for group in stream.groups))
    except Absent:
        return [broken(f"hub {hub} is not there", _DEPLOY)]
    except Unavailable as error:
        return [broken(str(error), _RIGHT)]
    absent = [group for group, is_there in zip(stream.groups, there, strict=True) if not is_there]
    found = [broken(f"hub {hub} has no consumer group {group}", _DEPLOY) for group in absent]
    if shape.partitions != stream.partitions:
        words = f"hub {hub} has {shape.partitions} partitions, {stream.partitions} are declared"
        found.append(warning(words, "nothing is lost by it; infra/streams.json says what new hubs get"))
    return found


check = Check("hubs", "each hub and consumer group of infra/streams.json, and how many partitions there are", look)
