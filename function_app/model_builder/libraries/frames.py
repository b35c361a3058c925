"""Rows as the libraries want them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from function_app.model_builder import table as tables
from function_app.model_builder.table import Table


def frame(rows: Table, columns: Sequence[str]) -> Any:
    """pandas' own types: texts as objects, nulls as NaN in numbers and None in texts."""
    return rows.select(list(columns)).to_pandas()


def matrix(rows: Table, columns: Sequence[str], dtype: Any = np.float64) -> Any:
    """[N, F]"""
    return np.stack([tables.array(tables.column(rows, name, "features"), dtype) for name in columns], axis=1)


def texts(rows: Table, column: str) -> Any:
    """[N], of str."""
    return tables.array(tables.column(rows, column, "features"), np.object_)


def all_numbers(rows: Table, columns: Sequence[str]) -> bool:
    return all(tables.is_number(rows.column(name)) for name in columns)
