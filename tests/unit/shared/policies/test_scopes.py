"""Limits in layers: built in, defaults, scenario, workspace, endpoint; and of what is no endpoint."""

from services.drift.limits import DriftLimits
from services.monitoring.limits import MonitoringLimits
from services.staging.limits import StagingLimits
from shared.events import EndpointRef, Entity
from shared.events.workspaces import Workspace
from shared.policies import GoldenLimits, People
from tests.support.builders import INVENTORY, endpoint_ref, read_document, workspace

LAYERS = """
defaults: {drift: {of: 10, breaches: 1, min_features: 2, feature_psi: 0.1}}
scenarios: {cv: {drift: {of: 11, min_features: 3, feature_psi: 0.2}}}
workspaces: {production: {drift: {min_features: 4, feature_psi: 0.3}}}
subscriptions: {"0000": {drift: {of: 20}}}
endpoints: {flights: {model: m, scenario: cv, limits: {drift: {feature_psi: 0.4}}}, other: {model: n}}
"""


def test_the_narrowest_layer_that_says_something_wins() -> None:
    drift = read_document(LAYERS).section(DriftLimits, endpoint_ref())
    assert (drift.breaches, drift.of, drift.min_features, drift.feature_psi) == (1, 11, 4, 0.4)
    assert drift.prediction_psi == DriftLimits().prediction_psi


def test_what_is_no_endpoint_has_its_own_layer_over_the_defaults() -> None:
    document = read_document(LAYERS)
    assert document.section(DriftLimits, Entity.of("", "subscription", "0000")).of == 20
    assert document.section(DriftLimits, Entity.of("", "registry", "other")).of == 10


def test_a_model_and_a_file_have_the_limits_of_their_endpoint() -> None:
    document = read_document(LAYERS)
    for kind, name in (("model", "m:3"), ("file", "flights:a.csv"), ("endpoint", "flights")):
        thing = Entity.of(workspace("production"), kind, name)
        assert document.section(DriftLimits, thing).feature_psi == 0.4


def test_images_are_not_retrained_by_themselves_though_nothing_is_written() -> None:
    """R063: what holds for everything does not hold for them."""
    document = read_document("defaults: {drift: {action: retrain}}\nendpoints: {flights: {model: m, scenario: cv}}")
    assert document.section(DriftLimits, endpoint_ref()).action == "notify"


def test_a_service_has_its_own_jobs_as_all_jobs_are_unless_it_says_otherwise() -> None:
    text = "defaults: {jobs: {compute: big, timeout_s: 50}, staging: {timeout_s: 70}}\nendpoints: {flights: {model: m}}"
    document = read_document(text)
    staging, monitoring = document.job(StagingLimits, endpoint_ref()), document.job(MonitoringLimits, endpoint_ref())
    assert (staging.compute, staging.timeout_s, staging.look_every_s) == ("big", 70, 30)
    assert (monitoring.compute, monitoring.timeout_s) == ("big", 50)


def test_an_old_document_means_what_it_meant() -> None:
    """Version 1: the join of labels ran by the limits of staging, and a rollback was judged by those of its suite."""
    document = read_document(
        """
version: 1
workspaces: {development: WORK/d, staging: WORK/d, production: WORK/p}
defaults:
  approvals: {personas: [project-lead], expires_after_s: 60}
  staging: {compute: big, look_every_s: 7, suite: {golden_tolerance: 0.5}}
  monitoring: {performance_timeout_s: 9}
endpoints: {flights: {model: m}}
""".replace("WORK", workspace().rpartition("/")[0])
    )
    flights = document.endpoint_ref("flights")
    assert flights == EndpointRef(workspace=workspace("p"), name="flights")
    assert document.stages_of(workspace("d")) == ("development", "staging")
    people, join = document.section(People, flights), document.job(MonitoringLimits, flights)
    assert (people.personas, people.expires_after_s) == (("project-lead",), 60)
    assert (join.compute, join.look_every_s, join.timeout_s) == ("big", 7, 9)
    assert document.section(GoldenLimits, flights).tolerance == 0.5


def test_a_workspace_may_be_several_stages_and_a_project_tells_which_is_meant() -> None:
    inventory = (
        Workspace(id=workspace("one"), stages=("development", "staging", "production"), project="one"),
        Workspace(id=workspace("two"), stages=("staging", "production"), project="two"),
        Workspace(id=workspace("two-dev"), stages=("development",), project="two"),
    )
    document = read_document(f"endpoints: {{a: {{model: m, workspace: {workspace('two')}}}}}", inventory)
    assert document.workspace("staging", "a") == workspace("two")
    assert document.workspace("development", "a") == workspace("two-dev")


def test_the_workspaces_are_part_of_what_the_digest_covers() -> None:
    text = "endpoints: {flights: {model: m}}"
    assert read_document(text).digest != read_document(text, INVENTORY[:0]).digest
