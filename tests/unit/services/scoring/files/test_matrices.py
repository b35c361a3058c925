"""A matrix is made of the columns of a file by the names of its features."""

import pyarrow as pa
import pytest

from services.scoring.files import ChunkScorer, NotScorable, TextFormat
from tests.support.identity import identity, tensor
from tests.unit.services.scoring.files.test_names import scored

MATRIX = tensor(
    "X", "FP32", (-1, 3), features=[{"name": "mean radius"}, {"name": "größe.cm", "nullable": True}, {"name": "n"}]
)


def test_the_columns_of_a_file_make_a_matrix_by_the_names_of_its_features() -> None:
    version = identity(MATRIX, **{"X": [1.0, 2.0, 3.0], "mean radius": 1.0, "größe.cm": 2.0, "n": 3.0})
    table = pa.table(
        {"n": [7, 8, 2**60], "größe.cm": [None, 5.0, 6.0], "key": ["a", "b", "c"], "mean radius": [1.0, None, 3.0]}
    )
    chunk = ChunkScorer(version, table.schema).score(table, 0)
    (first, third) = chunk.scored.to_pylist()
    assert (first["key"], first["X_out"][0], first["X_out"][2]) == ("a", 1.0, 7.0)
    assert first["X_out"][1] != first["X_out"][1]
    assert third == {"row": 2, "key": "c", "X_out": [3.0, 6.0, float(2**60)]}
    assert chunk.rejected.to_pylist() == [
        {"row": 1, "field": "mean radius", "reason": "the value is missing, and this input is not nullable"}
    ]


def test_a_column_that_is_named_as_the_matrix_holds_its_rows() -> None:
    version = identity(MATRIX, **{"X": [1.0, 2.0, 3.0], "mean radius": 1.0, "größe.cm": 2.0, "n": 3.0})
    assert scored(version, pa.table({"X": [[1, 2, 3]]})) == [{"row": 0, "X_out": [1.0, 2.0, 3.0]}]


def test_a_feature_that_is_missing_in_the_file_is_named() -> None:
    version = identity(MATRIX, **{"X": [1.0, 2.0, 3.0], "mean radius": 1.0, "größe.cm": 2.0, "n": 3.0})
    with pytest.raises(NotScorable, match=r"column größe\.cm: it is missing; the model takes datatype FP32"):
        ChunkScorer(version, pa.table({"mean radius": [1.0], "n": [1.0]}).schema)


def test_texts_make_a_matrix_by_the_rules_for_texts() -> None:
    version = identity(MATRIX, **{"X": [1.0, 2.0, 3.0], "mean radius": 1.0, "größe.cm": 2.0, "n": 3.0})
    table = pa.table({"mean radius": ["1,5", "x"], "größe.cm": ["NA", "2"], "n": ["3", "3"]})
    german = TextFormat(decimal=",", missing=frozenset({"NA"}))
    chunk = ChunkScorer(version, table.schema, german).score(table, 0)
    assert chunk.scored.column("X_out").to_pylist()[0][::2] == [1.5, 3.0]
    assert chunk.rejected.to_pylist() == [{"row": 1, "field": "mean radius", "reason": "'x' is no number"}]
