"""What is deployed: each app with what it needs, and nothing that it must not carry."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from infra import declared, lockfile, package
from tests.infra.templates import all_templates, body

LOCK = lockfile.Lock((package.ROOT / "requirements.txt").read_text())
FUNCTION_APPS = ("control", "gateway", "scoring")


def needs(app: str) -> frozenset[str]:
    return lockfile.closure(lockfile.direct(package.ROOT / "function_app" / app / "requirements.txt"))


@pytest.mark.parametrize("app", FUNCTION_APPS)
def test_every_package_of_an_app_is_pinned_with_hashes(app: str) -> None:
    for block in LOCK.only(needs(app)).split("\n\n"):
        assert "==" in block
        assert "--hash=sha256:" in block


def test_scoring_carries_neither_the_azure_ml_sdk_nor_the_training_libraries() -> None:
    assert not needs("scoring") & {"azure-ai-ml", "scikit-learn", "pandas", "fairlearn"}


def test_only_scoring_and_jobs_carry_onnx_runtime() -> None:
    assert {app for app in FUNCTION_APPS if "onnxruntime" in needs(app)} == {"scoring"}


@pytest.mark.parametrize("app", FUNCTION_APPS)
def test_what_runs_the_functions_is_what_runs_them_here(app: str) -> None:
    """Azure would take a runtime of its own choice, older than the newest; some of those end on a retry policy."""
    deployed = LOCK.only(needs(app))
    for name in ("azure-functions", "azure-functions-runtime"):
        assert re.search(rf"^{name}==(\S+)", deployed, re.MULTILINE)[1] == version(name)  # type: ignore[index]


def test_azures_python_is_the_one_here() -> None:
    site = body(all_templates()["modules/function_app.bicep"].section("resources")["app"])["properties"]
    python = (package.ROOT / ".python-version").read_text().strip()
    assert site["functionAppConfig"]["runtime"] == {"name": "python", "version": python}


def test_what_is_needed_indirectly_is_found() -> None:
    assert {"azure-core", "requests", "certifi"} <= needs("gateway")


def test_a_built_app_imports_alone(tmp_path: Path) -> None:
    line = package.build("gateway", tmp_path, LOCK)
    assert line.endswith("modules import alone")
    built = tmp_path / "gateway"
    assert {"function_app.py", "host.json", "requirements.txt", "services", "shared"} <= {
        path.name for path in built.iterdir()
    }
    assert "azure-eventhub==" in (built / "requirements.txt").read_text()
    told = json.loads((built / "functions.json").read_text())
    assert (told["health"], set(told["functions"])) == ("/health", {"decide_approval", "health", "show_approval"})


def test_an_app_that_imports_what_it_does_not_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import onnxruntime\n")
    with pytest.raises(package.PackagingFailed, match="No module named 'onnxruntime'"):
        package.import_alone("careless", tmp_path, needs("gateway"))


def test_other_functions_than_were_stated_are_not_packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = declared.expected()
    del stated["gateway"]["functions"]["show_approval"]
    (tmp_path / "functions.json").write_text(json.dumps(stated))
    monkeypatch.setattr(declared, "FILE", tmp_path / "functions.json")
    with pytest.raises(package.PackagingFailed, match=r"gateway declares other functions.*make declare"):
        package.declare("gateway", package.ROOT / "function_app" / "gateway", [])


def test_a_health_route_that_nobody_may_ask_is_refused() -> None:
    shut = {"health": {"trigger": "http", "route": "/health", "methods": ["GET"], "open": False}}
    with pytest.raises(declared.NotDeclared, match=r"gateway: no function answers GET /health without a key"):
        declared.part("gateway", shut)


def test_a_package_missing_from_the_lock_is_named() -> None:
    with pytest.raises(lockfile.NotLocked, match="does not pin left-pad"):
        LOCK.only(["left-pad"])
