"""The seven files of a package."""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from function_app.model_builder import table as tables
from function_app.model_builder.candidate import Candidate
from function_app.model_builder.table import Table
from shared.packages.signature import PREDICTION, TRAINED

_GOLDEN_ROWS, _MOST_REFERENCE_ROWS = 32, 50_000


def reference(table: Table, made: Candidate, watched: NDArray[Any], trained: NDArray[np.bool_]) -> bytes:
    """Inputs, labels, groups, the watched answer and whether a row was trained on; evenly thinned where it is long."""
    signature = made.signature
    names = dict.fromkeys((*signature.input_names, *signature.labels, *signature.groups))
    columns = {name: tables.column(table, name, "reference") for name in names}
    columns[PREDICTION], columns[TRAINED] = cells_of(watched), pyarrow.array(trained)
    return _parquet(pyarrow.table(columns).take(evenly(len(table), _MOST_REFERENCE_ROWS)))


def golden(table: Table, made: Candidate, rows: Sequence[int]) -> bytes:
    """A few rows with what the model must answer."""
    columns = {name: tables.column(table, name, "golden").take(rows) for name in made.signature.input_names}
    for output in made.signature.outputs:
        columns[output.name] = cells_of(made.answers[output.graph_name][list(rows)])
    return _parquet(pyarrow.table(columns))


def golden_rows(watched: NDArray[Any], rows: int) -> list[int]:
    """Spread over the data, with the smallest and the largest watched answer (or one row of each class) among them."""
    chosen = set(evenly(rows, _GOLDEN_ROWS))
    _, firsts = np.unique(watched.astype(str) if watched.dtype == np.object_ else watched, return_index=True)
    chosen.update(int(each) for each in (firsts if len(firsts) <= _GOLDEN_ROWS else firsts[[0, -1]]))
    return sorted(chosen)


def evenly(rows: int, most: int) -> list[int]:
    """At most so many of the rows, in their order."""
    places: list[int] = np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(int)).tolist()
    return places


def cells_of(values: NDArray[Any]) -> Any:
    """A column: numbers, texts, or lists of either."""
    if values.ndim == 1 and values.dtype.kind in "biuf":
        return pyarrow.array(values.astype(np.float32) if values.dtype == np.float16 else values)
    flat = values.reshape(len(values)) if values.size == len(values) else values
    plain = flat.astype(np.float32) if flat.dtype == np.float16 else flat
    return pyarrow.array([row.tolist() if isinstance(row, np.ndarray) else row for row in plain.tolist()])


def _parquet(table: Any) -> bytes:
    body = io.BytesIO()
    pyarrow.parquet.write_table(table, body, compression="zstd")
    return body.getvalue()


def all_files(
    made: Candidate, *, golden_body: bytes, reference_body: bytes, metrics: Mapping[str, float], environment: str,
    until: datetime,
) -> dict[str, bytes]:  # fmt: skip
    signature = made.signature.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {
        "model.onnx": made.model,
        "signature.json": (json.dumps({"format": 2, **signature}, indent=1, ensure_ascii=False) + "\n").encode(),
        "reference.parquet": reference_body,
        "golden.parquet": golden_body,
        "metrics.json": (json.dumps(dict(metrics), indent=1) + "\n").encode(),
        "environment.yml": environment.encode(),
        "trained_until": (until.astimezone(UTC).isoformat() + "\n").encode(),
    }


def environment_of(packages: Sequence[str], python: str) -> str:
    """For people: what the model was made with."""
    lines = ["name: model", "dependencies:", f"  - python={python}", "  - pip", "  - pip:"]
    return "\n".join([*lines, *(f"      - {each}" for each in packages)]) + "\n"
