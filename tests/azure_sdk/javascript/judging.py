"""Judge the server by every check, and count."""

from tests.azure_sdk.installing import fresh
from tests.azure_sdk.javascript.installing import FOLDER, install
from tests.azure_sdk.javascript.running import run
from tests.azure_sdk.javascript.surroundings import surroundings
from tests.azure_sdk.report import Report

TITLE = "checks by the JavaScript client"
AT_LEAST_PASSED = 110


def judge(only: str = "") -> Report:
    """Those whose claim holds these words; what they measured is printed, and what failed in full."""
    report = Report(1 if only else AT_LEAST_PASSED, TITLE, {})
    installed = install()
    print("azure-sdk: the JavaScript client", flush=True)
    with surroundings(fresh(FOLDER / "run")) as around:
        outcomes = run(around, installed, "whole", only=only)
    for outcome in outcomes:
        report.count(outcome.claim, passed=outcome.failed is None)
        if outcome.failed or outcome.noted:
            print("\n  ".join([outcome.claim, *outcome.noted, *filter(None, [outcome.failed])]))
    return report
