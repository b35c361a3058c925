"""The tests belong to the SDK that the product uses: every package that both pin has one version."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def pins(path: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / path).read_text(), re.MULTILINE))


def test_microsoft_s_packages_have_the_product_s_versions() -> None:
    product, judged = pins("requirements.txt"), pins("tests/azure_sdk/requirements.txt")
    azure = {name for name in product.keys() & judged.keys() if name.startswith("azure-")}
    assert "azure-eventhub" in azure
    assert {name: judged[name] for name in azure} == {name: product[name] for name in azure}


def test_the_tests_are_of_the_versions_that_are_installed() -> None:
    installed, sources = pins("tests/azure_sdk/requirements.txt"), pins("tests/azure_sdk/sdists.txt")
    assert sources == {name: installed[name] for name in sources}
    assert {"azure-eventhub", "azure-eventhub-checkpointstoreblob-aio"} <= sources.keys()
