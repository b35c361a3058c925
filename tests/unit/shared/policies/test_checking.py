"""Everything that is wrong with a document is found at once, where it stands, with the likely spelling."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services import deciding
from shared.events.workspaces import Workspace
from shared.policies.finding import Finding
from shared.policies.layers import Path as Place
from shared.policies.yaml_text import read_yaml
from shared.reactor import findings_in
from tests.architecture.tree import ROOT
from tests.support.builders import INVENTORY, workspace

SHIPPED = [ROOT / "policy.yaml", ROOT / "infra" / "demo" / "policy.yaml"]
LISTED = "endpoints: {flights: {model: flights}}"


def found(text: str, inventory: tuple[Workspace, ...] = INVENTORY) -> list[Finding]:
    return findings_in(text, inventory, deciding())[1]


def limits(text: str) -> str:
    return f"endpoints: {{flights: {{model: flights, limits: {{{text}}}}}}}"


def kept(lives: str, more: str = "people: {}") -> str:
    return f"{LISTED}\ndefaults: {{retention: {{{lives}}}, {more}}}"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_shipped_holds(path: Path) -> None:
    assert found(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "path", "words", "likely"),
    [
        (limits("drift: {breaches: 5, of: 3}"), "drift.breaches", "at most of (3)", ""),
        (limits("drift: {feature_psii: 1}"), "endpoints.flights.limits.drift.feature_psii", "unknown", "feature_psi"),
        (limits("drfit: {}"), "endpoints.flights.limits.drfit", "unknown section", "drift"),
        (limits("drift: 5"), "endpoints.flights.limits.drift", "a mapping is required", ""),
        (limits("people: {personas: [data-scientits]}"), "people.personas[0]", "unknown name", "data-scientist"),
        (limits("people: {personas: [ci-cd-process]}"), "people.personas[0]", "unknown name", ""),
        (limits("approvals: {quorum: [{personas: [lead]}]}"), "personas[0]", "unknown name", "project-lead"),
        (limits("modes: {driftt: observe}"), "modes.driftt", "no such service", "drift"),
        (limits("modes: {brakes: observe}"), "modes.brakes", "always acts", ""),
        (limits("modes: {drift: obsreve}"), "modes.drift", "unknown name", "observe"),
        (limits("retraining: {component: flights_training}"), "retraining.component", "`name:version`", ""),
        (limits("jobs: {environment: sluice-jobs}"), "jobs.environment", "`name:version`", ""),
        (limits("retraining: {inputs: {data_from: x}}"), "retraining.inputs", "data_from is set by Sluice", ""),
        (limits("staging: {suite: {least_rows: 9, most_rows: 8}}"), "suite.least_rows", "at most most_rows (8)", ""),
        (limits("promotion: {silent_s: yes}"), "promotion.silent_s", "true is not a value", ""),
        (limits("promotion: {steps: [{share: 100, duratoin_s: 1}]}"), "steps[0].duratoin_s", "unknown", "duration_s"),
        (
            limits("notifications: {audiences: {mlops.promotion.complete: [project-lead]}}"),
            "audiences.mlops.promotion.complete", "no such event type", "mlops.promotion.completed",
        ),
        (
            limits("notifications: {audiences: {mlops.staging.requested: [project-lead]}}"),
            "audiences.mlops.staging.requested", "nobody is told of events of this type", "",
        ),
        (limits("people: {expires_after_s: 60}, approvals: {remind_after_s: 60}"), "remind_after_s", "after 60 s", ""),
        (
            limits("approvals: {escalate_after_s: 259201, escalate_to: [project-lead]}"),
            "limits.approvals.escalate_after_s", "never comes: the question ends after 259200 s", "",
        ),
        (
            limits("notifications: {audiences: {'mlops.action.observed:rolback': [project-lead]}}"),
            "audiences.mlops.action.observed:rolback", "no such service", "mlops.action.observed:rollback",
        ),
        ("endpoints: {a: {model: m}, b: {model: M}}", "endpoints.b.model", "endpoint a is served by this model", ""),
        ("endpoints: {a: {model: m}, A: {model: n}}", "endpoints.A", "by case alone", ""),
        ("endpoints: {a: {model: m, scenario: nlpp}}", "endpoints.a.scenario", "unknown name", "nlp"),
        ("endpoints: {a: {model: m}, a: {model: n}}", "endpoints.a", "second time", ""),
        ("endpoints: {a: {}}", "endpoints.a.model", "is required", ""),
        (f"version: 3\n{LISTED}", "version", "required", ""),
        (f"workspaces: {{prodcution: {{}}}}\n{LISTED}", "workspaces.prodcution", "neither a stage", "production"),
        (f"projects: {{none: {{}}}}\n{LISTED}", "projects.none", "none of our workspaces", ""),
        (kept("letters_days: 365"), "defaults.retention.letters_days", "less than or equal to 90", ""),
        (kept("evidence_days: 400"), "retention.evidence_days", "at least ledger_days + 60 (460)", ""),
        (kept("seals_days: 3000"), "retention.seals_days", "at least ledger_days + archive_days (3650)", ""),
        (kept("ledger_days: 30", "people: {expires_after_s: 1382400}"), "people.expires_after_s", "needs 32 days", ""),
        (kept("folds_days: 7"), "defaults.retention.folds_days", "monitoring.window_s needs 8 days of folds", ""),
        (kept("captures_days: 90"), "defaults.retention.captures_days", "retraining.lookback_s needs 120 days", ""),
        (limits("people: {expires_after_s: 18000000}"), "flights.limits.people.expires_after_s", "416.7 days", ""),
        (limits("retention: {letters_days: 9}"), "flights.limits.retention", "only `defaults` may say it", ""),
        ("[1, 2]", "the document", "a mapping is required", ""),
        ("a: [", "the document", "not YAML", ""),
        ("", "the document", "a mapping is required", ""),
    ],
)  # fmt: skip
def test_what_can_never_work_is_named(text: str, path: str, words: str, likely: str) -> None:
    (only,) = found(text)
    assert path in str(only)
    assert words in only.problem
    assert only.likely == likely


@pytest.mark.parametrize("layer", ["endpoints", "scenarios", "workspaces"])
@pytest.mark.parametrize("scenario", ["cv", "nlp"])
def test_no_layer_lets_images_or_text_be_retrained_by_themselves(layer: str, scenario: str) -> None:
    """R063, R072."""
    retrain = "{drift: {action: retrain}}"
    layers = {
        "scenarios": f"scenarios: {{{scenario}: {retrain}}}",
        "workspaces": f"workspaces: {{production: {retrain}}}",
    }
    own = f", limits: {retrain}" if layer == "endpoints" else ""
    text = f"{layers.get(layer, 'version: 2')}\nendpoints: {{seen: {{model: m, scenario: {scenario}{own}}}}}"
    (only,) = found(text)
    assert only.path.startswith(layer)
    assert "never retrained by themselves" in only.problem


def test_all_is_told_at_once_each_where_it_stands() -> None:
    text = "defaults:\n  drift: {off: 3}\nendpoints:\n  a: {model: m, limits: {drift: {feature_psi: -1}}}\nmore: 1\n"
    told = [(each.line, each.column, each.path) for each in found(text)]
    assert told == [(2, 11, "defaults.drift.off"), (4, 47, "endpoints.a.limits.drift.feature_psi"), (5, 1, "more")]


def test_several_workspaces_of_a_stage_want_an_endpoint_to_say_which() -> None:
    more = (*INVENTORY, Workspace(id=workspace("second"), stages=("production",)))
    (only,) = found(LISTED, more)
    assert (only.path, "must be named" in only.problem) == ("endpoints.flights.workspace", True)
    assert found(f"endpoints: {{flights: {{model: flights, workspace: {workspace('second')}}}}}", more) == []


# Names that a team gives; any spelling of them is right.
_FREE = {("endpoints", "flights")}


def keys() -> list[tuple[str, Place]]:
    texts = [path.read_text() for path in SHIPPED]
    return [(text, key) for text in texts for key in read_yaml(text).keys if key not in _FREE]


def misspelt(name: str, at: int, how: str) -> str:
    at %= len(name)
    swapped = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    return {"doubled": name[:at] + name[at] * 2 + name[at + 1 :], "swapped": swapped}.get(
        how, name[:at] + name[at + 1 :]
    )


@settings(max_examples=60)
@given(st.sampled_from(keys()), st.integers(0, 40), st.sampled_from(["doubled", "swapped", "dropped"]))
def test_any_misspelt_name_is_found_with_the_right_one(key: tuple[str, Place], at: int, how: str) -> None:
    text, path = key
    wrong = misspelt(path[-1], at, how)
    data = yaml.safe_load(text)
    room = data
    for name in path[:-1]:
        room = room[int(name)] if isinstance(room, list) else room[name]
    if wrong in room or wrong == path[-1]:
        return
    room[wrong] = room.pop(path[-1])
    told = [each for each in found(yaml.safe_dump(data, sort_keys=False)) if each.found == wrong]
    assert [each.likely for each in told] == [path[-1]]


@pytest.mark.parametrize(
    "text",
    [
        "people: {expires_after_s: 3600}",
        "people: {expires_after_s: 9}, approvals: {escalate_after_s: 8, escalate_to: [project-lead]}",
    ],
)
def test_a_short_question_may_leave_out_the_usual_reminder_and_what_comes_in_time_is_fine(text: str) -> None:
    assert found(limits(text)) == []


def test_times_are_compared_across_layers_and_told_where_the_later_one_stands() -> None:
    text = f"defaults: {{approvals: {{remind_after_s: 7200}}}}\n{limits('people: {expires_after_s: 3600}')}"
    (finding,) = found(text)
    assert finding.path == "defaults.approvals.remind_after_s"
    assert "3600 s" in finding.problem
