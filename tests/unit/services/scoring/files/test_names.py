"""Columns as files really call them: of a matrix, with spaces and accents, and of the same names as the answers."""

from typing import Any

import pyarrow as pa
import pytest

from services.scoring.files import ChunkScorer, NotScorable
from services.scoring.model.version import Version
from tests.support.identity import identity, tensor


@pytest.fixture(scope="module")
def two() -> Version:
    """One value and another: names as a converter writes them."""
    return identity(tensor("mean_radius", "FP32"), tensor("gr__e_cm", "FP32"), mean_radius=1.0, gr__e_cm=2.0)


def scored(version: Version, table: pa.Table, prefix: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ChunkScorer(version, table.schema, None, prefix).score(table, 0).scored.to_pylist()
    return rows


def test_a_column_is_found_by_the_name_that_a_converter_makes_of_it(two: Version) -> None:
    """skl2onnx writes mean_radius for "mean radius"."""
    table = pa.table({"mean radius": [1.5], "größe.cm": [2.5], "key": ["k"]})
    assert scored(two, table) == [{"row": 0, "key": "k", "mean_radius_out": 1.5, "gr__e_cm_out": 2.5}]


def test_the_very_name_comes_first_and_two_that_are_alike_are_not_chosen_between(two: Version) -> None:
    table = pa.table({"mean radius": [9.0], "mean_radius": [1.5], "gr__e_cm": [2.5]})
    assert scored(two, table)[0]["mean_radius_out"] == 1.5
    with pytest.raises(
        NotScorable, match=r"column mean_radius: it is missing.*there is 'mean radius' and 'mean\.radius'"
    ):
        ChunkScorer(two, pa.table({"mean radius": [9.0], "mean.radius": [1.5], "gr__e_cm": [2.5]}).schema)


def test_a_name_that_differs_in_its_case_is_shown(two: Version) -> None:
    with pytest.raises(NotScorable, match=r"column mean_radius: it is missing; .*; there is 'Mean_Radius'"):
        ChunkScorer(two, pa.table({"Mean_Radius": [9.0], "gr__e_cm": [2.5]}).schema)


def test_answers_of_the_same_name_as_a_column_get_a_prefix_that_the_refusal_names(two: Version) -> None:
    table = pa.table({"mean_radius": [1.5], "gr__e_cm": [2.5], "row": ["r"], "mean_radius_out": ["truth"]})
    with pytest.raises(NotScorable, match=r"column row: the result has a column of this name; .*--prefix model_"):
        ChunkScorer(two, table.schema)
    assert scored(two, table, "model_") == [
        {
            "model_row": 0, "row": "r", "mean_radius_out": "truth", "model_mean_radius_out": 1.5,
            "model_gr__e_cm_out": 2.5,
        }
    ]  # fmt: skip
    with pytest.raises(NotScorable, match=r"column model_row"):
        ChunkScorer(two, table.append_column("model_row", pa.array([1])).schema, None, "model_")
