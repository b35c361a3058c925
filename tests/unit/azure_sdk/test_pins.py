"""The tests belong to the SDK that the product uses: every package that both pin has one version."""

import json
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


def test_the_javascript_client_is_pinned_by_hash_and_from_no_place() -> None:
    folder = ROOT / "tests/azure_sdk/javascript"
    asked = json.loads((folder / "package.json").read_text())["dependencies"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    packages = {name.removeprefix("node_modules/"): package for name, package in locked.items() if name}
    assert {"@azure/event-hubs", "@azure/eventhubs-checkpointstore-blob"} <= asked.keys()
    assert {name: packages[name]["version"] for name in asked} == asked
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]
