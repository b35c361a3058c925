"""Config.json: what is accepted, and that a mistake names its field."""

from typing import Any

import pytest

from infra.local.eventhubs.config import ConfigError, HubConfig, load_config, parse_config

pytestmark = pytest.mark.local_only


def document(*entities: object) -> dict[str, Any]:
    namespace = {"Type": "EventHub", "Name": "emulatorNs1", "Entities": list(entities)}
    return {"UserConfig": {"NamespaceConfig": [namespace], "LoggingConfig": {"Type": "File"}}}


def test_the_official_sample_is_read() -> None:
    entity = {"Name": "eh1", "PartitionCount": "2", "ConsumerGroups": [{"Name": "cg1"}]}
    assert parse_config(document(entity)) == [HubConfig("eh1", 2, ("$Default", "cg1"))]


def test_the_default_group_may_be_named_too() -> None:
    entity = {"Name": "eh1", "PartitionCount": 32, "ConsumerGroups": [{"Name": "$default"}, {"Name": "cg1"}]}
    assert parse_config(document(entity))[0].groups == ("$Default", "cg1")


GOOD = {"Name": "good", "PartitionCount": 1}
WHERE = "UserConfig.NamespaceConfig[0].Entities"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "UserConfig is missing"),
        ({"UserConfig": {}}, "UserConfig.NamespaceConfig is missing"),
        ({"UserConfig": {"NamespaceConfig": []}}, "UserConfig.NamespaceConfig: one namespace"),
        (document(), f"{WHERE}: at least one hub"),
        (document(GOOD, {"PartitionCount": 1}), f"{WHERE}[1].Name is missing"),
        (document(GOOD, {"Name": "a/b", "PartitionCount": 1}), f"{WHERE}[1].Name: letters"),
        (document(GOOD, {"Name": "GOOD", "PartitionCount": 1}), f"{WHERE}[1].Name: 'GOOD' is there already"),
        (document({"Name": "x"}), f"{WHERE}[0].PartitionCount is missing"),
        *[
            (document({"Name": "x", "PartitionCount": count}), f"{WHERE}[0].PartitionCount: 1 to 32")
            for count in (0, 33, -1, "many", True, 1.5)
        ],
        (document({**GOOD, "ConsumerGroups": {}} | {"ConsumerGroups": "x"}), f"{WHERE}[0].ConsumerGroups: a list"),
        (document({**GOOD, "ConsumerGroups": [{"Name": ""}]}), f"{WHERE}[0].ConsumerGroups[0].Name: letters"),
        (
            document({**GOOD, "ConsumerGroups": [{"Name": f"g{i}"} for i in range(20)]}),
            f"{WHERE}[0].ConsumerGroups: 21 with $Default, at most 20",
        ),
    ],
)
def test_a_mistake_names_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(wrong)
    assert str(caught.value).startswith(field)


def test_a_missing_or_broken_file_is_named(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "Config.json")
    (tmp_path / "Config.json").write_text("{")
    with pytest.raises(ConfigError, match="is not JSON"):
        load_config(tmp_path / "Config.json")
