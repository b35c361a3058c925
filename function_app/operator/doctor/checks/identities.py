"""May each app read and send where it does? Tried with the keys of its settings, or as itself where that can be."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_settings import SettingsError

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import AppSettings, Patient
from shared.ports import Absent, Hub, HubSurvey, Refused, Unavailable
from shared.settings.inspecting import APPS, hub_addresses, read_from

_FIX = "give the app a key with this right, or its identity the role (infra/azure/modules/streams.bicep)"
_ALONE = "in Azure nobody can be another's identity: see that the app works (checks control, lanes; its health route)"
_UNKNOWN = "name its settings: --settings APP=FILE"


@dataclass(frozen=True, slots=True)
class Duties:
    """Which hubs an app reads, by all groups but the observers', and which it sends to."""

    reads: Sequence[Hub] = ()
    sends: Sequence[Hub] = ()

    @property
    def rights(self) -> Sequence[tuple[str, Hub]]:
        return [*(("read", hub) for hub in self.reads), *(("send", hub) for hub in self.sends)]


DUTIES: Mapping[str, Duties] = {
    "control": Duties(("inbound", "events", "decisions", "predictions", "labels"), ("events", "dead-letter")),
    "gateway": Duties(sends=("decisions",)),
    "scoring": Duties(sends=("predictions",)),
}


async def look(patient: Patient) -> Sequence[Finding]:
    looked = await asyncio.gather(*(_app(patient, app, given) for app, given in patient.apps.items()))
    tried, found = sum(count for count, _ in looked), [finding for _, each in looked for finding in each]
    found += [warning(f"no right of {app} was tried", _UNKNOWN) for app in sorted(APPS.keys() - patient.apps.keys())]
    return found or [ok(f"{tried} rights tried as the apps themselves")]


async def _app(patient: Patient, app: str, given: AppSettings) -> tuple[int, list[Finding]]:
    """How many rights were tried, and what is wrong with them."""
    found = _addresses(app, given)
    wanted = [(right, hub) for right, hub in DUTIES[app].rights if hub in found]
    surveys = [patient.as_app(given, hub, found[hub]) for _, hub in wanted]
    tries = [(*each, survey) for each, survey in zip(wanted, surveys, strict=True) if survey is not None]
    wrong = [finding for finding in await asyncio.gather(*(_tried(patient, app, *each) for each in tries)) if finding]
    untried = [f"{right} {hub}" for (right, hub), survey in zip(wanted, surveys, strict=True) if survey is None]
    if untried:
        wrong.append(warning(f"whether {app} may {', '.join(untried)} was not tried", _ALONE))
    return len(tries), wrong


def _addresses(app: str, given: AppSettings) -> dict[Hub, str]:
    """Settings that do not hold are another check's."""
    try:
        return hub_addresses(read_from(APPS[app], given.values))
    except (ValidationError, SettingsError):
        return {}


async def _tried(patient: Patient, app: str, right: str, hub: Hub, survey: HubSurvey) -> Finding | None:
    try:
        if right == "send":
            await survey.may_send(hub)
        else:
            groups = [group for group in patient.streams[hub].groups if group != patient.settings.observers]
            await asyncio.gather(*(survey.has_group(hub, group) for group in groups))
    except (Absent, Refused, Unavailable) as error:
        return broken(f"{app} may not {right} {hub}: {error}", _FIX)
    return None


check = Check("identities", "each right of an app on a hub, as the app itself, without reading or sending", look)
