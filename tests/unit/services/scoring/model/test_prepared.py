"""Packages prepared by another process are found again whole, or made anew."""

import sys
from pathlib import Path

import numpy as np
import pytest

from services.scoring.model.loading import PackageLoader
from services.scoring.model.prepared import PreparedModels
from shared.adapters.onnx import OnnxRuntime
from shared.ports import Refused, Unavailable
from tests.support.graphs import one_row_package
from tests.support.onnx_models import package_files, package_ref
from tests.support.scoring import Bench

COMMAND = [sys.executable, "-m", "function_app.scoring.serve.prepare"]


def loader(bench: Bench, folder: Path, command: list[str] = COMMAND) -> PackageLoader:
    return PackageLoader(bench.packages, OnnxRuntime(1), PreparedModels(folder, "test", command))


async def test_what_was_prepared_once_is_loaded_without_the_package(bench: Bench, tmp_path: Path) -> None:
    package = await bench.adopt("2", weight=0.5)
    await loader(bench, tmp_path / "cache").load(package)
    bench.packages.adopted.clear()
    version = await loader(bench, tmp_path / "cache", ["/nonexistent"]).load(package)
    assert version.number == "2"


async def test_what_lies_beside_the_graph_and_how_it_must_be_run_is_prepared_too(bench: Bench, tmp_path: Path) -> None:
    files = one_row_package()
    package = package_ref(files)
    await bench.packages.adopt(package.digest, files)
    await loader(bench, tmp_path / "cache").load(package)
    bench.packages.adopted.clear()
    version = await loader(bench, tmp_path / "cache", ["/nonexistent"]).load(package)
    assert version.is_alone
    assert version.session.run({"temp": np.array([[3.0]], np.float32)})[0].tolist() == [[6.0]]


async def test_an_altered_entry_is_made_anew(bench: Bench, tmp_path: Path) -> None:
    package = await bench.adopt("2", weight=0.5)
    await loader(bench, tmp_path / "cache").load(package)
    (model,) = (tmp_path / "cache").glob("*/model.onnx")
    good = model.read_bytes()
    model.write_bytes(good[:-1] + b"x")
    await loader(bench, tmp_path / "cache").load(package)
    assert model.read_bytes() == good


async def test_a_package_that_must_not_serve_is_refused_with_the_reason(bench: Bench, tmp_path: Path) -> None:
    files = package_files(0.5)
    package = package_ref(files, "2")
    bench.packages.adopted[package.digest] = {**files, "trained_until": b"2027-01-01T00:00:00Z"}
    with pytest.raises(Refused, match="the package was altered"):
        await loader(bench, tmp_path / "cache").load(package)
    assert list((tmp_path / "cache").iterdir()) == []


async def test_a_process_that_dies_is_worth_another_try(bench: Bench, tmp_path: Path) -> None:
    package = await bench.adopt("2", weight=0.5)
    with pytest.raises(Unavailable, match="ended with 7"):
        await loader(bench, tmp_path / "cache", [sys.executable, "-c", "raise SystemExit(7)"]).load(package)


async def test_a_package_is_prepared_in_an_empty_folder(bench: Bench, tmp_path: Path) -> None:
    """Were a graph to pass that names a file by its relative path, it would not be there."""
    package = await bench.adopt("2", weight=0.5)
    told = (
        "import os, sys; from function_app.scoring.serve import prepare as door; from shared.ports import Refused\n"
        "def prepare(*given): raise Refused(f'{os.getcwd()} holds {os.listdir()}')\n"
        "door.prepare = prepare; code = door.main(); sys.stderr.flush(); sys.exit(code)"
    )
    with pytest.raises(Refused, match=r"sluice-empty-\w+ holds \[\]"):
        await loader(bench, tmp_path / "cache", [sys.executable, "-c", told]).load(package)


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Refused, match="only this user"):
        PreparedModels(tmp_path, "test", COMMAND)
