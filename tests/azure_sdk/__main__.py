"""`python -m tests.azure_sdk`: install what is missing, start the servers, run Microsoft's tests, print the figures.

Without options both clients judge. Options go to pytest, and choose among the tests of the Python SDK. `--javascript`
runs the checks of the JavaScript client alone, `--javascript=WORDS` those whose claim holds the words.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.set_up.steps import SetUpFailed
from tests.azure_sdk import javascript
from tests.azure_sdk.installing import FOLDER, Installed, clean_environment, fresh, install
from tests.azure_sdk.report import Report
from tests.azure_sdk.serving import ACCOUNT, NAMESPACE, SIDE_BY_SIDE, serving


def _both(*subjects: str) -> tuple[str, ...]:
    """The files of tests of these subjects, for both kinds of clients."""
    return tuple(f"tests/test_{subject}{kind}.py" for subject in subjects for kind in ("", "_async"))


PLUGIN = Path(__file__).parent / "plugin"
# By distribution: what in it speaks to a service. Its unit tests are Microsoft's own business.
SUITES = {
    "azure_eventhub": ("tests/livetest", "tests/pyamqp_tests/synctests", "tests/pyamqp_tests/asynctests"),
    "azure_eventhub_checkpointstoreblob": ("tests",),
    "azure_eventhub_checkpointstoreblob_aio": ("tests",),
    "azure_data_tables": _both("table", "table_aad", "table_batch", "table_client", "table_entity"),
    "azure_storage_blob": _both(
        "append_blob", "blob_access_conditions", "blob_client", "block_blob", "common_blob", "container", "get_blob"
    ),
}
# They mostly sleep; each has a hub, and a storage account, of its own.
_LONGEST_S = 900


def environment(local: dict[str, Any]) -> dict[str, str]:
    """What Microsoft's pipeline sets, and what our plugin reads."""
    return {
        **clean_environment(),
        "PYTHONPATH": str(PLUGIN),
        "SLUICE_LOCAL_AZURE": json.dumps(local),
        "AZURE_SUBSCRIPTION_ID": local["tenant"],
        "AZURE_STORAGE_ACCOUNT": ACCOUNT,
        "EVENTHUB_RESOURCE_GROUP": "sluice",
        "EVENT_HUB_NAMESPACE": NAMESPACE,
        "AZURE_TEST_RUN_LIVE": "true",
    }


def command(python: Path, parts: tuple[str, ...], results: Path, options: list[str]) -> list[str]:
    """One distribution's tests."""
    # Its own configuration: pytest would find this project's, above the folder.
    loaded = ["-c", str(PLUGIN / "live.ini"), "--rootdir", ".", "-p", "local_azure", "-p", "no:cacheprovider"]
    bounds = [f"--timeout={_LONGEST_S}", "-n", str(SIDE_BY_SIDE), "--dist", "worksteal"]
    return [
        str(python),
        "-m",
        "pytest",
        *parts,
        "-q",
        "-ra",
        "--tb=short",
        *loaded,
        *bounds,
        f"--junitxml={results}",
        *options,
    ]


def run(installed: Installed, folder: Path, options: list[str]) -> Report:
    """Every suite; pytest's own words go to the terminal as they come. Options may leave tests out."""
    report = Report(1) if options else Report()
    with serving(folder) as local:
        for name, parts in SUITES.items():
            results = folder / f"{name}.xml"
            print(f"azure-sdk: {name.replace('_', '-')}", flush=True)
            suite = command(installed.python, parts, results, options)
            subprocess.run(suite, cwd=installed.sources[name], env=environment(local), check=False)
            if results.exists():
                report.add(results)
    return report


def judge(arguments: argparse.Namespace, options: list[str]) -> list[Report]:
    """By the clients that were asked for."""
    if arguments.javascript is not None:
        return [javascript.judge(arguments.javascript)]
    python = run(install(), fresh(FOLDER / "run"), options)
    return [python] if options else [python, javascript.judge()]


def main() -> int:
    """0 when all is well, 1 when not, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser("python -m tests.azure_sdk", description=__doc__, allow_abbrev=False)
    parser.add_argument("--javascript", nargs="?", const="", metavar="WORDS")
    try:
        reports = judge(*parser.parse_known_args())
    except SetUpFailed as failure:
        print(f"azure-sdk: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("azure-sdk: stopped", file=sys.stderr)
        return 130
    print("\n".join(line for report in reports for line in report.lines()))
    return 0 if all(report.is_good for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
