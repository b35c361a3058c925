"""The variables are read in the forms that Azure prints; what is wrong is named and never quoted."""

import re

import pytest

from tests.azure_live.settings import FORMS, Settings, Unusable, read

STORAGE = "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
HUBS = "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0"
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("SLUICE_TEST_STORAGE", STORAGE, {"storage": "acc"}),
        ("SLUICE_TEST_STORAGE", "https://acc.blob.core.windows.net", {"storage": "acc"}),
        ("SLUICE_TEST_EVENTHUBS", HUBS, {"hubs": "ns.servicebus.windows.net"}),
        ("SLUICE_TEST_EVENTHUBS", "ns.servicebus.windows.net", {"hubs": "ns.servicebus.windows.net"}),
        ("SLUICE_TEST_WORKSPACE", WORKSPACE, {"workspace": WORKSPACE}),
    ],
)
def test_one_variable_is_enough(name: str, value: str, place: dict[str, str]) -> None:
    settings = read({name: f" {value}\n"})
    assert settings.places == place
    assert set(settings.missing) == FORMS.keys() - {name}


def test_without_any_variable_all_are_named_and_the_page_that_describes_them() -> None:
    with pytest.raises(Unusable) as refused:
        read({"SLUICE_TEST_STORAGE": " "})
    assert all(name in str(refused.value) for name in (*FORMS, "docs/testing-on-azure.md"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLUICE_TEST_STORAGE", "AccountKey=c2VjcmV0"),
        ("SLUICE_TEST_STORAGE", "https://acc.table.core.windows.net/c2VjcmV0"),
        ("SLUICE_TEST_EVENTHUBS", f"{HUBS};EntityPath=two"),
        ("SLUICE_TEST_EVENTHUBS", "c2VjcmV0"),
        ("SLUICE_TEST_WORKSPACE", "c2VjcmV0"),
    ],
)
def test_a_value_in_no_known_form_is_named_by_its_variable_alone(name: str, value: str) -> None:
    with pytest.raises(Unusable, match=re.escape(name)) as refused:
        read({name: value})
    assert "c2VjcmV0" not in str(refused.value)


def test_places_hold_no_secret() -> None:
    assert "c2VjcmV0" not in str(Settings(STORAGE, HUBS, WORKSPACE).places)
