"""Whether what was deployed works: every way in which it does not is a sentence with the repair, and exit code 1."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.sites import Site, Sites

ROOT = Path(__file__).resolve().parents[2]
ALL = ("control=sluice-control", "gateway=sluice-gateway", "scoring=sluice-scoring")


def looked(sites: Sites, *arguments: str, within: str = "0") -> tuple[int, list[str], str]:
    """Exit code, the sentences about what does not work, and all else."""
    environment = {
        **os.environ,
        "PATH": f"{sites.tools}:{os.environ['PATH']}",
        "RECORD": str(sites.record),
        "SSL_CERT_FILE": str(sites.authority),
    }
    command = [sys.executable, "-m", "infra.azure.deployed", "--resource-group", "rg", "--within", within]
    command += ["--every", "0", *(arguments or ALL)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines(), done.stdout


def lose_clock(site: Site) -> None:
    site.functions.remove("clock")


@pytest.mark.parametrize("is_flat", [True, False])
def test_what_works_is_said(is_flat: bool, sites: Sites) -> None:
    for site in sites.of.values():
        site.is_flat, site.references = is_flat, {"A_KEY": "Resolved"}
    code, wrong, said = looked(sites)
    assert (code, wrong) == (0, [])
    assert "control works: 10 functions\ngateway works: 3 functions" in said


@pytest.mark.parametrize(
    ("app", "harm", "named", "repair"),
    [
        ("control", lambda site: site.functions.clear(), "runs 0 of its 10 functions", "--only control"),
        ("control", lose_clock, "runs 9 of its 10 functions", "(missing: clock)"),
        ("scoring", lambda site: site.functions.append("old"), "does not declare: old", "--only scoring"),
        ("gateway", lambda site: setattr(site, "functions", ["WarmUp"]), "runs 0 of its 3", "--only gateway"),
        (
            "control", lambda site: setattr(site, "disabled", ["tell"]), "switched off: tell",
            "appsettings delete --resource-group rg --name sluice-control --setting-names AzureWebJobs.tell.Disabled",
        ),
        (
            "gateway", lambda site: site.references.update(FORM_KEY="AccessToKeyVaultDenied", OTHER="Resolved"),
            "not resolved: FORM_KEY (AccessToKeyVaultDenied).", "role Key Vault Secrets User",
        ),
        ("gateway", lambda site: site.answers.update({"/health": [503]}), "answers 503 to https://", "--only gateway"),
        ("gateway", lambda site: site.answers.update({"/health": [302]}), "answers 302 to https://", "--only gateway"),
        ("scoring", lambda site: site.answers.update({"/v2/health/live": [404]}), "answers 404", "--only scoring"),
        (
            "scoring", lambda site: setattr(site, "refusal", "(ResourceNotFound) no such site"),
            "(az functionapp show --resource-group: ERROR: (ResourceNotFound) no such site)", "`az` is signed in",
        ),
    ],
)  # fmt: skip
def test_what_does_not_work_is_one_sentence_with_its_repair(
    app: str, harm: Callable[[Site], None], named: str, repair: str, sites: Sites
) -> None:
    """The site is in state Running, and answers 200 at `/`, all the while."""
    harm(sites[app])
    code, (wrong,), said = looked(sites, f"{app}=sluice-{app}")
    assert (code, said) == (1, "")
    assert wrong.startswith(f"deployed: {app} ")
    assert named in wrong
    assert repair in wrong


def test_an_app_that_cannot_be_reached_does_not_work(sites: Sites) -> None:
    sites.host = "localhost:1"
    code, wrong, _ = looked(sites)
    assert code == 1
    assert [line.split()[1] for line in wrong] == ["gateway", "scoring"], "control serves no HTTP"
    assert "answers nothing (" in wrong[0]


def test_a_certificate_that_nobody_vouches_for_is_no_answer(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    sites.authority = sites.tools / "nobody.pem"
    sites.authority.write_text("")
    code, wrong, _ = looked(sites, "gateway=sluice-gateway")
    assert code == 1
    assert "CERTIFICATE_VERIFY_FAILED" in wrong[0]


def test_functions_that_azure_shows_only_when_asked_to_look_again_are_waited_for(sites: Sites) -> None:
    site = sites["control"]
    site.after_sync, site.functions = site.functions, ["WarmUp"]
    code, wrong, said = looked(sites, "control=sluice-control", within="60")
    assert (code, wrong, said) == (0, [], "control works: 10 functions\n")
    assert any("rest --method post" in line for line in sites.record.read_text().splitlines())


def test_an_app_that_answers_late_is_waited_for_and_the_others_are_not_asked_again(sites: Sites) -> None:
    sites["gateway"].answers["/health"] = [503, 503, 200]
    code, wrong, _ = looked(sites, within="60")
    assert (code, wrong) == (0, [])
    asked = [line for line in sites.record.read_text().splitlines() if "function list" in line]
    assert sum("sluice-control" in line for line in asked) == 1
    assert sum("sluice-gateway" in line for line in asked) == 3


def test_models_are_asked_for_only_where_they_were_answered_before(sites: Sites) -> None:
    sites["scoring"].answers["/v2/health/ready"] = [503]
    assert looked(sites, "scoring=sluice-scoring")[0] == 0
    code, (wrong,), _ = looked(sites, "--ready", "scoring", "scoring=sluice-scoring")
    assert code == 1
    assert "answers 503 to https://" in wrong
    assert looked(sites, "--list-ready", "scoring=sluice-scoring") == (0, [], "")
    sites["scoring"].answers.clear()
    assert looked(sites, "--list-ready", *ALL) == (0, [], "scoring\n")


@pytest.mark.parametrize("app", ["jobs=sluice-jobs", "control", "control="])
def test_a_wrong_call_names_what_is_wrong(app: str, sites: Sites) -> None:
    code, wrong, _ = looked(sites, app)
    assert code == 2
    assert f"{app.partition('=')[0]}: APP=NAME is required" in wrong[-1]
