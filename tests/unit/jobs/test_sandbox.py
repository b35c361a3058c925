"""Models that do harm do it to their own process."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from function_app.jobs.sandbox import ModelFailed, Sandbox, environment
from function_app.jobs.staging.graph import check_operators
from shared.packages import SuiteLimits
from tests.support import graphs
from tests.unit.jobs import material

SANDBOX = Sandbox(seconds=120, megabytes=4096)
FEEDS = {"x": material.NUMBERS["x"].reshape(-1, 1)}


def test_a_model_runs_on_all_rows() -> None:
    ran = SANDBOX.run(material.small_package(), FEEDS)
    assert {name: array.shape for name, array in ran.items()} == {"label": (400,), "probability": (400,)}


def test_names_data_and_single_rows_are_those_of_serving() -> None:
    """A graph for one row at a time, whose tensors have names of their own, and whose weights lie beside it."""
    ran = SANDBOX.run(graphs.one_row_package(), {"temp": np.array([[1], [2], [3]], np.float32)})
    assert {name: array.tolist() for name, array in ran.items()} == {"twice": [[2.0], [4.0], [6.0]]}


def test_a_model_that_never_ends_is_ended() -> None:
    with pytest.raises(ModelFailed, match=r"did not end within 5 s|killed by signal"):
        Sandbox(seconds=5, megabytes=4096).run(material.small_package(material.endless()), FEEDS)


def test_a_model_that_eats_memory_is_stopped_by_its_limit() -> None:
    with pytest.raises(ModelFailed, match=r"(?i)alloc|memory"):
        SANDBOX.run(material.small_package(material.hungry()), FEEDS)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (material.outside_data(), "outside of the file"),
        (material.outside_data_in_a_branch(), "outside of the file"),
        (material.foreign_operator(), "com.example"),
        (b"no model at all", "not an ONNX model"),
    ],
)
def test_a_graph_out_of_order_is_refused_before_it_runs(model: bytes, reason: str) -> None:
    check = check_operators(material.small_package(model), SANDBOX, SuiteLimits())
    assert check.verdict == "failed"
    assert reason in check.detail


def test_an_opset_beyond_the_limit_fails_with_its_number() -> None:
    check = check_operators(material.small_package(), SANDBOX, SuiteLimits(most_opset=16))
    assert (check.verdict, check.measured, check.limit) == ("failed", 17, 16)


def test_the_process_of_a_model_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_STORAGE", "AccountKey=secret")
    assert "secret" not in str(environment())


def test_a_model_runs_in_an_empty_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a graph to pass that names a file by its relative path, it would not be there."""
    places: list[tuple[Path, list[Path]]] = []
    run = subprocess.run

    def looked_at(command: list[str], **options: Any) -> Any:
        places.append((options["cwd"], list(options["cwd"].iterdir())))
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", looked_at)
    SANDBOX.run(material.small_package(), FEEDS)
    ((place, found),) = places
    assert found == []
    assert not place.exists()
