"""Does each app run the functions that it declares, and is it well? `/` and the host's state say neither."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import App, Patient
from shared.ports import Refused, Unavailable

_RUNS = "see that it runs (az functionapp show, locally make status)"
_LOAD = "its log (locally .local/logs) says what its import raised; mend it, then infra/azure/deploy.sh --only {}"
_OLD = "an older or newer package runs: infra/azure/deploy.sh --only {}"
_LIST = (
    "az functionapp function list -g GROUP -n APP > {0}.json; sluice doctor --functions {0}={0}.json (or APP_KEYS, its "
    "host's master key)"
)
_ADDRESSES = 'set APP_ADDRESSES, as in {"gateway": "https://...", "scoring": "https://..."}'


async def look(patient: Patient) -> Sequence[Finding]:
    looked = await asyncio.gather(*(_app(patient, name, app) for name, app in patient.expected.items()))
    found = [finding for each in looked for finding in each]
    unseen = sorted(patient.expected.keys() - patient.asked.keys() - patient.listed.keys())
    if len(unseen) == len(patient.expected):
        return [warning("what the apps run is not known here", f"{_LIST.format('control')}; {_ADDRESSES}")]
    count = sum(len(app.functions) for name, app in patient.expected.items() if name not in unseen)
    aside = f"; {', '.join(unseen)}: not looked at" if unseen else ""
    return found or [ok(f"{count} functions run as they were declared, and what answers is well{aside}")]


async def _app(patient: Patient, name: str, app: App) -> list[Finding]:
    found = [*_compared(name, app, patient.listed[name])] if name in patient.listed else []
    if name not in patient.asked:
        return found
    try:
        found += await _health(patient, name, app)
        if name in patient.listed:
            return found
        if not patient.asked[name]:
            return [*found, warning(f"what {name} runs is not known here", _LIST.format(name))]
        return [*_compared(name, app, await patient.survey.functions(name)), *found]
    except Unavailable as error:
        return [*found, broken(str(error), f"{_RUNS}; {_LOAD.format(name)}")]
    except Refused as error:
        return [*found, warning(str(error), _LIST.format(name))]


def _compared(name: str, app: App, runs: Mapping[str, bool]) -> Iterator[Finding]:
    wanted = set(app.functions)
    if missing := sorted(wanted - runs.keys()):
        there = len(wanted) - len(missing)
        words = f"{name} runs {there} of its {len(wanted)} functions; missing: {', '.join(missing)}"
        yield broken(words, _LOAD.format(name))
    if strange := sorted(runs.keys() - wanted):
        yield warning(f"{name} runs what this build does not declare: {', '.join(strange)}", _OLD.format(name))
    if off := sorted(each for each in wanted & runs.keys() if not runs[each]):
        names = " ".join(f"AzureWebJobs.{each}.Disabled" for each in off)
        yield broken(f"{name}: switched off are {', '.join(off)}", f"delete the settings {names} of {name}")


async def _health(patient: Patient, name: str, app: App) -> Sequence[Finding]:
    found = []
    if app.health and (status := await patient.survey.status(name, app.health)) != 200:
        found.append(broken(f"{name} answers {status} to {app.health}, and 200 is wanted", _LOAD.format(name)))
    elif app.ready and (status := await patient.survey.status(name, app.ready)) != 200:
        words = f"{name} answers {status} to {app.ready}: it has not read its manifests, or loaded nothing of them"
        found.append(warning(words, "the log of the app says which package it refused, or what it cannot reach"))
    return found


check = Check("functions", "what each app runs against what it declares, and its health routes", look)
