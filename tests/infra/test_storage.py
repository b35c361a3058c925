"""Containers and tables are those of the local system, and each identity may do on each what the design says."""

from collections.abc import Set
from typing import Any

import pytest

from infra.local import topology
from shared.policies.retention import IMMUTABLE_DAYS, Retention
from tests.infra.templates import Template, all_templates, body, changed, names_in

DATA = "modules/data.bicep"
UNDELIVERED = "undelivered"  # where Event Grid puts what it cannot deliver; there is none on one machine
# Container to who reads, who writes (and reads), who only adds.
Grants = dict[str, tuple[Set[str], ...]]
CONTAINERS: Grants = {
    "evidence": ({"gateway", "operators"}, {"control", "jobs"}, set()),
    "letters": ({"operators"}, {"control"}, set()),
    "models": ({"scoring", "jobs", "operators"}, {"control"}, set()),
    "serving": ({"scoring", "operators"}, {"control"}, set()),
    "captures": ({"jobs"}, {"control"}, {"scoring"}),
    "labels": ({"jobs"}, {"control"}, set()),
    "azureml": ({"control"}, {"trainers"}, set()),
    "batch-in": ({"control", "jobs"}, {"submitters"}, set()),
    "batch-out": ({"submitters"}, {"jobs"}, set()),
    "seals": ({"operators"}, {"control"}, set()),
    "archive": ({"operators"}, {"control"}, set()),
    UNDELIVERED: ({"operators"}, {"delivery"}, set()),
}
TABLES: Grants = {
    "ledger": ({"gateway", "operators"}, {"control"}),
    "folds": ({"operators"}, {"control"}),
    "deadlines": (set(), {"control"}),
    "approvals": ({"gateway"}, {"control"}),
    "pending": ({"operators"}, {"control"}),
    "positions": ({"operators"}, {"control"}),
    "brakes": (frozenset({"operators"}), frozenset({"control"})),
    "letters": (frozenset({"operators"}), frozenset({"control"})),
    "grown": (set(), {"control"}),
    "policies": (frozenset({"operators"}), frozenset({"control"})),
}


def grants(file: Template, what: str, kinds: tuple[str, ...]) -> Grants:
    """Container or table to who is in each kind of grant."""
    listed: list[dict[str, Any]] = file.parameters_of("storage")[what]
    return {each["name"]: tuple(names_in(each[kind]) for kind in kinds) for each in listed}


def open_accounts(file: Template) -> list[str]:
    """Storage accounts that accept keys, anonymous readers, plain HTTP or old TLS."""
    wanted = {
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
    }
    found = []
    for name, resource in file.section("resources").items():
        if resource["type"] == "Microsoft.Storage/storageAccounts" and not resource["existing"]:
            properties = body(resource)["properties"]
            found += [f"{name}: {key}" for key, value in wanted.items() if properties.get(key) != value]
    return found


def test_containers_and_tables_are_those_of_the_local_system() -> None:
    containers = grants(all_templates()[DATA], "containers", ())
    assert set(containers) == {*topology.CONTAINERS, UNDELIVERED}
    assert set(grants(all_templates()[DATA], "tables", ())) == set(topology.TABLES)


def test_who_may_do_what_with_blobs_is_what_the_design_says() -> None:
    assert grants(all_templates()[DATA], "containers", ("readers", "writers", "creators")) == CONTAINERS


def test_who_may_do_what_with_rows_is_what_the_design_says() -> None:
    assert grants(all_templates()[DATA], "tables", ("readers", "writers")) == TABLES


@pytest.mark.parametrize(
    ("present", "instead"),
    [
        ("creators: [principals.scoring]", "creators: []"),
        ("readers: concat([principals.scoring], operators)\n", "readers: operators\n"),
        ("name: 'captures'", "name: 'capture'"),
    ],
)
def test_another_grant_on_a_container_is_found(present: str, instead: str) -> None:
    wrong = changed(DATA, present, instead)
    assert grants(wrong, "containers", ("readers", "writers", "creators")) != CONTAINERS


def test_another_grant_on_a_table_is_found() -> None:
    present = "name: 'approvals', readers: [principals.gateway]"
    wrong = changed(DATA, present, "name: 'approvals', readers: []")
    assert grants(wrong, "tables", ("readers", "writers")) != TABLES


@pytest.mark.parametrize("path", all_templates())
def test_no_account_accepts_keys_or_strangers(path: str) -> None:
    assert open_accounts(all_templates()[path]) == []


def test_an_account_with_keys_is_found() -> None:
    path = "modules/function_app.bicep"
    wrong = changed(path, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true")
    assert open_accounts(wrong) == ["hostStorage: allowSharedKeyAccess"]


LIVES = {
    "evidence": "evidenceLifeDays",
    "seals": "sealLifeDays",
    "archive": "archiveDays",
    "captures": "captureDays",
    "labels": "labelDays",
    "letters": "letterDays",
    UNDELIVERED: "letterDays",
}


def test_what_is_kept_for_a_time_only_is_deleted_by_a_rule_with_its_former_versions() -> None:
    listed = all_templates()[DATA].parameters_of("storage")["containers"]
    assert {each["name"]: each["lifeDays"] for each in listed if each["lifeDays"]} == LIVES
    policy = body(all_templates()["modules/product_storage.bicep"].section("resources")["lives"])
    rules = str(policy["properties"]["policy"]["rules"])
    assert "'filter'" in rules
    assert "'lifeDays'" in rules
    assert "daysAfterModificationGreaterThan" in rules
    assert "daysAfterCreationGreaterThan" in rules


def test_bodies_of_dead_letters_are_deleted_and_never_immutable() -> None:
    (letters,) = (
        each for each in all_templates()[DATA].parameters_of("storage")["containers"] if each["name"] == "letters"
    )
    assert (letters["immutableDays"], letters["lifeDays"]) == (0, "letterDays")


def test_versions_are_kept_and_evidence_and_seals_are_immutable() -> None:
    storage = all_templates()["modules/product_storage.bicep"]
    assert body(storage.section("resources")["blobs"])["properties"]["isVersioningEnabled"] is True
    listed = all_templates()[DATA].parameters_of("storage")["containers"]
    assert {each["name"]: each["immutableDays"] for each in listed if each["immutableDays"]} == {
        "evidence": "evidenceDays",
        "seals": "evidenceDays",
        "archive": "evidenceDays",
    }


def stated(file: Template) -> dict[str, int]:
    """The days that the templates state when nobody says otherwise, by container."""
    parameters = file.section("parameters")
    return {name: parameters[life]["default"] for name, life in LIVES.items()}


def of_policy() -> dict[str, int]:
    lives = Retention().model_dump()
    return {name: lives[f"{'letters' if name == UNDELIVERED else name}_days"] for name in LIVES}


def test_blobs_live_as_long_as_the_policy_says_when_nobody_says_otherwise() -> None:
    main = all_templates()["main.bicep"]
    assert stated(main) == of_policy()
    assert main.section("parameters")["evidenceDays"]["default"] == IMMUTABLE_DAYS


@pytest.mark.parametrize("life", sorted(set(LIVES.values())))
def test_another_life_in_the_templates_is_noticed(life: str) -> None:
    days = all_templates()["main.bicep"].section("parameters")[life]["default"]
    assert stated(changed("main.bicep", f"param {life} int = {days}", f"param {life} int = {days + 1}")) != of_policy()
