"""Does the host's checkpoint lie beyond the end of a hub that was recreated? The function is not called then."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, Mend, broken, ok, warning
from function_app.operator.doctor.patient import Patient
from shared.ports import HostCheckpoint, HostCheckpoints, Hub

_FIX = "sluice doctor checkpoints --fix"
_NOT_SET = "set HOST_STORAGE to the account of control's host (setting AzureWebJobsStorage of control)"
# The store dates checkpoints, and the hub itself: two clocks. A younger one is told by its number alone.
_CLOCKS_DIFFER = timedelta(minutes=5)


async def look(patient: Patient) -> Sequence[Finding]:
    host = patient.host
    if host is None:
        return [warning("the host's checkpoints are not looked at", _NOT_SET)]
    looked = await asyncio.gather(*(_of(patient, host, hub) for hub in patient.readable))
    wrong = [finding for _, findings in looked for finding in findings]
    return wrong or [ok(f"{sum(count for count, _ in looked)} checkpoints of the host, none of a hub that is gone")]


async def _of(patient: Patient, host: HostCheckpoints, hub: Hub) -> tuple[int, list[Finding]]:
    """Checkpoints are read first: afterwards the hub's end can only be further on."""
    found = await host.of(hub)
    if not found:
        return 0, []
    created = datetime.fromisoformat(await patient.reader.epoch(hub))
    partitions = sorted({each.partition for each in found})
    held = await asyncio.gather(*(patient.reader.held(hub, partition) for partition in partitions))
    ends = {partition: each.stop - 1 for partition, each in zip(partitions, held, strict=True)}
    checked = [(each, _wrong(each, ends[each.partition], created)) for each in found]
    return len(found), [_told(host, each, words) for each, words in checked if words]


def _wrong(each: HostCheckpoint, last: int, created: datetime) -> str:
    if each.sequence is not None and each.sequence > last:
        return f"is at {each.sequence}, and the hub ends at {last}"
    if each.written_at < created - _CLOCKS_DIFFER:
        return f"is of {each.written_at:%Y-%m-%d %H:%M}, and the hub of {created:%Y-%m-%d %H:%M}"
    return ""


def _told(host: HostCheckpoints, each: HostCheckpoint, words: str) -> Finding:
    place = f"{each.group} in {each.hub}/{each.partition}"
    forget = Mend(
        f"forget the host's checkpoint of {place}: it begins where the hub does, and what was handled is recognised",
        lambda: host.forget(each),
    )
    return broken(f"the host's checkpoint of {place} {words}: only the timer reads there", _FIX, forget)


check = Check("checkpoints", "each checkpoint of the Functions host against its hub's creation and last message", look)
