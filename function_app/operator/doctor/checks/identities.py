"""May each app read and send where it does, with the keys of its own settings? Identities can only try themselves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_settings import SettingsError

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok
from function_app.operator.doctor.patient import AppSettings, Patient
from shared.ports import Absent, Hub, HubSurvey, Refused, Unavailable
from shared.settings.inspecting import APPS, hub_addresses, read_from

_KEYS = ("SharedAccessKey=", "SharedAccessSignature=")
_FIX = "give the app a key with this right, or its identity the role (infra/azure/modules/streams.bicep)"


@dataclass(frozen=True, slots=True)
class Duties:
    """Which hubs an app reads, by all groups but the observers', and which it sends to."""

    reads: Sequence[Hub] = ()
    sends: Sequence[Hub] = ()


DUTIES: Mapping[str, Duties] = {
    "control": Duties(("inbound", "events", "decisions", "predictions", "labels"), ("events", "dead-letter")),
    "gateway": Duties(sends=("decisions",)),
    "scoring": Duties(sends=("predictions",)),
}


async def look(patient: Patient) -> Sequence[Finding]:
    addresses = {app: _keyed(app, given) for app, given in patient.apps.items()}
    tries = [
        _tried(patient, app, hub, right, patient.survey({hub: found[hub]}))
        for app, found in addresses.items()
        for right, hubs in (("read", DUTIES[app].reads), ("send", DUTIES[app].sends))
        for hub in hubs
        if hub in found
    ]
    wrong = [finding for finding in await asyncio.gather(*tries) if finding]
    alone = sorted(app for app in APPS if not addresses.get(app))
    others = f"; {', '.join(alone)} can only try themselves" if alone else ""
    return wrong or [ok(f"{len(tries)} rights tried with the apps' own keys{others}")]


def _keyed(app: str, given: AppSettings) -> dict[Hub, str]:
    """Addresses with a key in them; settings that do not hold are another check's."""
    try:
        found = hub_addresses(read_from(APPS[app], given.values))
    except (ValidationError, SettingsError):
        return {}
    return {hub: address for hub, address in found.items() if any(key in address for key in _KEYS)}


async def _tried(patient: Patient, app: str, hub: Hub, right: str, survey: HubSurvey) -> Finding | None:
    try:
        if right == "send":
            await survey.may_send(hub)
        else:
            groups = [group for group in patient.streams[hub].groups if group != patient.settings.observers]
            await asyncio.gather(*(survey.has_group(hub, group) for group in groups))
    except (Absent, Refused, Unavailable) as error:
        return broken(f"{app} may not {right} {hub}: {error}", _FIX)
    return None


check = Check("identities", "each right of an app on a hub, with the app's own key, without reading or sending", look)
