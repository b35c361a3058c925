"""The whole story, over the wire only, under conditions that Azure promises nothing better than."""

import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.demo.chain import cause

# Both stories are told at any load: only what hangs is over time.
pytestmark = [pytest.mark.journey, pytest.mark.timeout(3600)]


@dataclass
class Told:
    """What a run said, and left behind: the chain as read back from the hubs, and what the receivers counted."""

    chain: list[dict[str, Any]]
    figures: dict[str, float]
    jobs: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    said: str
    drawing: str

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.chain if event["type"].endswith(kind)]


def tell(folder: Path, *options: str) -> Told:
    command = [sys.executable, "-m", "infra.demo", "--run-dir", str(folder), "--keep", "--patience", "1200", *options]
    # Of its own, so that a story told beside this one does not count as left behind by it.
    environment = {key: value for key, value in os.environ.items() if key != "SLUICE_LOCAL"}
    told = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    try:
        assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
        run = json.loads((folder / "run.json").read_text())
        with urllib.request.urlopen(f"{run['endpoints']['identity']}/admin/jobs") as answer:  # noqa: S310
            jobs = json.load(answer)
        return Told(
            chain=json.loads((folder / "demo" / "story.json").read_text()),
            figures=json.loads((folder / "demo" / "figures.json").read_text()),
            jobs=jobs,
            notices=[json.loads(path.read_text()) for path in Path(run["files"]["outbox"]).glob("*.json")],
            said=told.stdout,
            drawing=(folder / "demo" / "explain.svg").read_text(),
        )
    finally:
        subprocess.run([sys.executable, "-m", "infra.local", "--run-dir", str(folder), "down"], check=True)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One story under both conditions at once: neither makes the other easier."""
    return tell(tmp_path_factory.mktemp("story"), "--withhold-job-events", "--deliver-twice")


def version(event: dict[str, Any], package: str = "package") -> str:
    return str(event["data"][package]["model"]["version"])


@pytest.mark.local_only
def test_two_versions_go_live_a_broken_one_is_refused_and_a_slow_one_taken_back(told: Told) -> None:
    live = [version(event) for event in told.of("promotion.completed")]
    refused = [version(event, "candidate") for event in told.of("staging.failed")]
    taken_back = [(version(event), version(event, "restored")) for event in told.of("rollback.completed")]
    assert (live, refused, taken_back) == (["1", "2"], ["3"], [("4", "2")])


@pytest.mark.local_only
def test_a_successor_passes_canary_steps_and_a_first_version_has_none(told: Told) -> None:
    assert [event["data"]["share"] for event in told.of("promotion.started") if version(event) == "1"] == [100]
    shares = [event["data"]["share"] for event in told.of("promotion.stepped") if version(event) == "2"]
    assert shares == sorted(set(shares))
    assert shares[-1] == 100


@pytest.mark.local_only
def test_the_slow_one_is_caught_by_its_latency_and_by_nothing_else(told: Told) -> None:
    (aborted,) = told.of("promotion.aborted")
    verdicts = {finding["test"]: finding["verdict"] for finding in aborted["data"]["findings"]}
    assert [test for test, verdict in verdicts.items() if verdict == "abort"] == ["latency"]
    assert [event["data"]["share"] for event in told.of("promotion.stepped") if version(event) == "4"] == []
    assert 0 < told.figures["of them answered by the slow candidate"] < told.figures["requests"] / 3


@pytest.mark.local_only
def test_the_way_back_is_proven_on_every_live_instance(told: Told) -> None:
    (back,) = told.of("rollback.completed")
    proofs, rehearsal = back["data"]["proofs"], back["data"]["rehearsal"]
    assert len(proofs) == back["data"]["instances"] == 1
    assert {proof["outputs"] for proof in proofs} == {rehearsal["outputs"]}
    assert max(proof["distance"] for proof in [*proofs, rehearsal]) < 1e-5
    assert back["data"]["generation"] > told.of("promotion.completed")[-1]["data"]["generation"]


@pytest.mark.local_only
def test_the_product_explains_by_itself_why_version_two_is_live(told: Told) -> None:
    _, _, said = told.said.partition("sluice explain flights")
    assert "Why flights:2 is live again on flights" in said
    assert "flights:4 was tried, and taken back" in said
    assert "MISSING LINK" not in said
    assert max(len(line) for line in said.splitlines() if line.startswith(("├", "│", "└"))) <= 100
    assert "flights:4 was tried" in told.drawing


@pytest.mark.local_only
def test_nothing_is_lost(told: Told) -> None:
    figures = told.figures
    assert (figures["captures lost"], figures["events lost"], figures["requests failed"]) == (0, 0, 0)
    assert figures["dead letters"] == 0
    assert figures["rows captured"] == figures["flights scored"]


@pytest.mark.local_only
def test_nothing_is_done_twice(told: Told) -> None:
    """Counted at the receivers: each job was submitted once, each generation written once, each notice sent once."""
    assert {job["name"]: job["submits"] for job in told.jobs if job["submits"] != 1} == {}
    assert len(told.of("retraining.started")) == 1
    assert len(told.of("rollback.started")) == len(told.of("rollback.requested")) == 1
    changes = [*told.of("promotion.started"), *told.of("promotion.stepped"), *told.of("rollback.started")]
    generations = sorted(event["data"]["generation"] for event in changes)
    assert generations == list(range(1, len(changes) + 1))
    keys = Counter((notice["audience"], notice["title"], notice["text"]) for notice in told.notices)
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.local_only
def test_every_cause_is_in_the_chain(told: Told) -> None:
    ids = {event["id"] for event in told.chain}
    assert [event for event in told.chain if cause(event) and cause(event) not in ids] == []


@pytest.mark.local_only
def test_version_two_leads_back_to_the_drift_of_version_one(told: Told) -> None:
    known = {event["id"]: event for event in told.chain}
    way, event = [], told.of("promotion.completed")[-1]
    while event:
        way.append(event["type"].removeprefix("mlops."))
        event = known.get(cause(event) or "", {})
    expected = [
        "promotion.completed", "approval.granted", "approval.decided", "staging.passed",
        "staging.requested", "model.registered", "retraining.requested", "drift.measured", "window.folded",
    ]  # fmt: skip
    places = [way.index(kind) for kind in expected]
    assert places == sorted(places), way


@pytest.mark.local_only
def test_the_way_back_leads_back_to_the_registration_of_version_four(told: Told) -> None:
    known = {event["id"]: event for event in told.chain}
    event = told.of("rollback.completed")[-1]
    while not event["type"].endswith("model.registered"):
        event = known[cause(event) or ""]
    assert event["data"]["model"]["version"] == "4"


@pytest.mark.local_only
def test_without_job_events_only_deadlines_tell_that_jobs_ended(told: Told) -> None:
    """The condition held: jobs ran to their end, and nobody heard of it."""
    assert "Completed" in {job["status"] for job in told.jobs}
    assert told.of("job.ended") == []


@pytest.mark.local_only
def test_what_happened_was_told_again_and_still_happened_once(told: Told) -> None:
    """The condition held: about as many copies came as events."""
    assert told.figures["events that came twice"] > told.figures["events"] / 3
