"""Plain rows for convenience: `{"rows": [{"feature": value, ...}]}`, keys in any order."""

from collections.abc import Mapping
from typing import Any

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.layout import Layout
from services.scoring.protocol.matrices import asked_for
from shared.ports.models.inference import TensorSpec


def tensors_from_rows(layout: Layout, rows: object) -> dict[str, dict[str, Any]]:
    """The same as tensors; a key that is missing or unknown is named with its row."""
    if not isinstance(rows, list):
        raise Invalid("rows: an array of objects is required")
    specs = asked_for(layout, rows[0] if rows and isinstance(rows[0], dict) else ())
    names = specs.keys()
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Invalid(f"rows[{index}]: an object is required")
        if row.keys() != names:
            _explain(index, row, specs)
    return {name: tensor_of(spec, [row[name] for row in rows]) for name, spec in specs.items()}


def tensor_of(spec: TensorSpec, cells: list[Any]) -> dict[str, Any]:
    """One cell for each row. Sizes that the model leaves free are those of the first, or 0 without any."""
    sizes: list[int] = []
    cell: Any = cells[0] if cells else None
    for size in spec.shape[1:]:
        is_list = isinstance(cell, list) and bool(cell)
        sizes.append(len(cell) if size < 0 and is_list else size if cells else max(size, 0))
        cell = cell[0] if is_list else None
    return {"datatype": spec.datatype, "shape": [len(cells), *sizes], "data": cells}


def _explain(index: int, row: dict[str, Any], specs: Mapping[str, TensorSpec]) -> None:
    unknown = sorted(row.keys() - specs.keys())
    if unknown:
        raise Invalid(f"rows[{index}]: {unknown[0][:100]!r} is not an input of this model")
    missing = next(spec for name, spec in specs.items() if name not in row)
    raise Invalid(f"rows[{index}]: {missing.name} is missing; expected datatype {missing.datatype}")
