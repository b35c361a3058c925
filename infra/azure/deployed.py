"""Does what was deployed work? Azure is asked what runs there, and the apps how they are.

Neither `/` nor the host's state says so: an app that could not be imported has both, and no function.
"""

import argparse
import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions.json"
_API = "api-version=2024-11-01"
# A first request may have to wait for an instance, and that for its packages.
_ANSWER_S = 60


class AzFailed(Exception):
    """`az` did not answer; the message is what it said."""


@dataclass(frozen=True)
class App:
    """`named` as Azure knows it; `declared` is its part of `infra/functions.json`."""

    app: str
    named: str
    group: str
    declared: Mapping[str, Any]

    @property
    def again(self) -> str:
        return f"infra/azure/deploy.sh --resource-group {self.group} --only {self.app}"


def az(*words: str) -> Any:
    """What `az` answers, in JSON. Raises `AzFailed`."""
    done = subprocess.run(["az", *words, "--output", "json"], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise AzFailed(f"az {' '.join(words[:3])}: {said[-1]}")
    return json.loads(done.stdout or "null")


def problem(app: App, must_be_ready: bool) -> str | None:
    """What keeps the app from working and what mends it, in a sentence each; None where nothing does."""
    try:
        site = az("functionapp", "show", "--resource-group", app.group, "--name", app.named)
        return next(_problems(app, site, must_be_ready), None)
    except AzFailed as failure:
        return f"{app.app} cannot be looked at ({failure}): see that `az` is signed in and that {app.named} runs."


def _problems(app: App, site: Mapping[str, Any], must_be_ready: bool) -> Iterator[str]:
    yield from _unresolved(app, site["id"])
    yield from _wrong_functions(app, site["id"])
    host = _property(site, "defaultHostName")
    if route := app.declared.get("health"):
        yield from _not_well(app, host, route)
    if must_be_ready and (route := app.declared.get("ready")):
        yield from _not_well(app, host, route)


def _unresolved(app: App, site: str) -> Iterator[str]:
    found = az("rest", "--method", "get", "--url", f"{site}/config/configreferences/appsettings?{_API}")["value"]
    states = {each["name"].rpartition("/")[2]: each["properties"]["status"] for each in found}
    if wrong := [f"{name} ({state})" for name, state in sorted(states.items()) if state != "Resolved"]:
        yield (
            f"{app.app} has settings whose reference to the vault is not resolved: {', '.join(wrong)}. See that the "
            f"secret is there and that the identity of {app.named} has role Key Vault Secrets User, then: {app.again}"
        )


def _wrong_functions(app: App, site: str) -> Iterator[str]:
    found = az("functionapp", "function", "list", "--resource-group", app.group, "--name", app.named)
    runs = {each["name"].rpartition("/")[2]: _property(each, "isDisabled") for each in found}
    wanted = set(app.declared["functions"])
    missing, strange = sorted(wanted - set(runs)), sorted(set(runs) - wanted)
    if missing:
        # After a deployment Azure may go on showing what ran before, until it is asked to look.
        az("rest", "--method", "post", "--url", f"{site}/host/default/sync?{_API}")
        yield (
            f"{app.app} runs {len(wanted) - len(missing)} of its {len(wanted)} functions, in whatever state Azure sees "
            f"it (missing: {', '.join(missing)}): its code did not load. Application Insights has the exception "
            f"(traces of {app.named}); mend it, then: {app.again}"
        )
    if strange:
        yield f"{app.app} runs functions that this build does not declare: {', '.join(strange)}. Deploy it: {app.again}"
    if disabled := sorted(name for name in wanted & set(runs) if runs[name]):
        names = " ".join(f"AzureWebJobs.{name}.Disabled" for name in disabled)
        yield (
            f"{app.app} has functions that are switched off: {', '.join(disabled)}. Switch them on: az functionapp "
            f"config appsettings delete --resource-group {app.group} --name {app.named} --setting-names {names}"
        )


def _not_well(app: App, host: str, route: str) -> Iterator[str]:
    if (answer := asked(host, route)) != "200":
        yield (
            f"{app.app} answers {answer} to https://{host}{route}, and 200 is wanted: Application Insights has its log "
            f"(traces of {app.named}); mend it, then: {app.again}"
        )


def asked(host: str, route: str) -> str:
    """The status that it answers with, or why there is none."""
    connection = http.client.HTTPSConnection(host, timeout=_ANSWER_S, context=ssl.create_default_context())
    try:
        connection.request("GET", route)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return f"nothing ({error})"
    finally:
        connection.close()


def _property(resource: Mapping[str, Any], name: str) -> Any:
    """Of a resource as `az` shows it: some commands lay its properties flat, some do not."""
    return resource[name] if name in resource else resource.get("properties", {}).get(name)


def all_problems(apps: Sequence[App], ready: Sequence[str], within_s: float, every_s: float) -> list[str]:
    """One for each app that does not work by then: an instance takes a while to start."""
    until, left = time.monotonic() + within_s, list(apps)
    while True:
        found = {app.app: problem(app, app.app in ready) for app in left}
        left = [app for app in left if found[app.app]]
        if not left or time.monotonic() >= until:
            return [said for said in found.values() if said]
        time.sleep(every_s)


def _is_ready(app: App) -> bool:
    route = app.declared.get("ready")
    site = az("functionapp", "show", "--resource-group", app.group, "--name", app.named) if route else {}
    return bool(route) and asked(_property(site, "defaultHostName"), str(route)) == "200"


def _apps(group: str, texts: Sequence[str]) -> list[App]:
    """Of `control=NAME`; raises `ValueError`."""
    declared = json.loads(FUNCTIONS.read_text())
    pairs = [text.partition("=") for text in texts]
    if wrong := [app for app, _, named in pairs if app not in declared or not named]:
        raise ValueError(f"{wrong[0]}: APP=NAME is required, APP one of {', '.join(declared)}")
    return [App(app, named, group, declared[app]) for app, _, named in pairs]


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m infra.azure.deployed",
        description=__doc__,
        epilog="example: python -m infra.azure.deployed --resource-group sluice control=sluice-a1b2c3-control",
    )
    parser.add_argument("apps", nargs="+", metavar="APP=NAME", help="what is deployed under which name")
    parser.add_argument("--resource-group", required=True, metavar="GROUP")
    parser.add_argument("--ready", action="append", default=[], metavar="APP", help="it must answer models, too")
    parser.add_argument("--list-ready", action="store_true", help="only name the apps that answer models now")
    parser.add_argument("--within", type=float, default=600, metavar="SECONDS", help="to wait for it (default: 600)")
    parser.add_argument("--every", type=float, default=15, metavar="SECONDS", help="between two looks (default: 15)")
    given = parser.parse_args()
    try:
        apps = _apps(given.resource_group, given.apps)
        if given.list_ready:
            sys.stdout.writelines(f"{app.app}\n" for app in apps if _is_ready(app))
            return 0
    except ValueError as error:
        parser.error(str(error))
    except AzFailed as failure:
        sys.stderr.write(f"deployed: {failure}\n")
        return 1
    found = all_problems(apps, given.ready, given.within, given.every)
    sys.stderr.writelines(f"deployed: {each}\n" for each in found)
    if not found:
        sys.stdout.writelines(f"{app.app} works: {len(app.declared['functions'])} functions\n" for app in apps)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
