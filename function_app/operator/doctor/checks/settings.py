"""Are settings set and well-formed: this command line's, and those of the apps where they are known?"""

from collections.abc import Iterator, Sequence

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.finding import Finding, broken, ok, warning
from function_app.operator.doctor.patient import AppSettings, Patient
from shared.settings.inspecting import APPS, references, wrong_in

_RESOLVED = (
    "az rest --url <resource id of the app>/config/configreferences/appsettings?api-version=2024-04-01, and give the "
    "app's identity role Key Vault Secrets User"
)


async def look(patient: Patient) -> Sequence[Finding]:
    found = [*_own(patient), *(each for app, given in patient.apps.items() for each in _of_app(app, given))]
    known = f"this command line's and those of {', '.join(sorted(patient.apps)) or 'no app'}"
    return found or [ok(f"set and well-formed: {known}")]


def _own(patient: Patient) -> Iterator[Finding]:
    for name in references(patient.settings.secrets()):
        yield broken(f"{name} is a reference to a vault, which nobody resolved", f"set {name} to the secret itself")
    for name in patient.settings.unset():
        yield warning(f"{name} is not set: what it leads to is not looked at", "docs/operating.md says what it holds")
    if not patient.apps:
        yield warning(
            "the apps' settings are not known here",
            "az functionapp config appsettings list -g GROUP -n APP > control.json; "
            "sluice doctor --settings control=control.json",
        )


def _of_app(app: str, given: AppSettings) -> Iterator[Finding]:
    named = references(given.values)
    for name in named:
        if given.listed:
            yield warning(f"{app}: {name} is a reference to a vault; whether it resolves is not said here", _RESOLVED)
        else:
            yield broken(f"{app}: {name} is a reference to a vault, which nobody resolved", _RESOLVED)
    for words in wrong_in(APPS[app], given.values):
        if not words.startswith(tuple(f"{name}:" for name in named)):
            yield broken(f"{app}: {words}", f"set it in the settings of {app} (infra/azure/main.bicep, or make up)")


check = Check("settings", "whether settings are set, well-formed and resolved", look)
