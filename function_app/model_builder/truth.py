"""The labels of the rows, and what they say of the question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from function_app.model_builder import table as tables
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.table import Table

# More distinct whole numbers than this are counts or measurements rather than classes.
_MOST_CLASSES = 50


@dataclass(frozen=True, slots=True)
class Truth:
    """`cells` are a value for each row, or a tuple where there are several columns of them."""

    names: tuple[str, ...]
    cells: tuple[Any, ...]

    @property
    def is_several(self) -> bool:
        return len(self.names) > 1

    @property
    def is_list(self) -> bool:
        return isinstance(self.cells[0], list)

    @property
    def is_yes_or_no(self) -> bool:
        """Each of several columns is 0 or 1."""
        return self.is_several and all(each in (0, 1) for cell in self.cells for each in cell)

    @property
    def looks_like_classes(self) -> bool:
        if self.is_several or self.is_list:
            return self.is_yes_or_no
        distinct = set(self.cells)
        whole = all(isinstance(each, (str, bool, int)) for each in distinct)
        return whole and (len(distinct) <= _MOST_CLASSES or any(isinstance(each, str) for each in distinct))

    @property
    def distinct(self) -> tuple[str | int, ...]:
        """The classes that were met, sorted as scikit-learn sorts them."""
        cells = {each for cell in self.cells for each in _flat(cell) if each is not None}
        return tuple(sorted({_class(each) for each in cells}, key=lambda each: (isinstance(each, str), each)))


def truth_of(table: Table, names: Sequence[str]) -> Truth:
    """Raises `CannotBuild` for a column that is not there or has rows without a label."""
    if not names:
        raise CannotBuild("label: which column holds what is to be predicted? Name it with --label")
    columns = [tables.column(table, name, "label") for name in names]
    for name, cells in zip(names, columns, strict=True):
        if cells.null_count:
            raise CannotBuild(f"label: column {name!r} is null in {cells.null_count} rows: leave these rows out")
        if not len(cells):
            raise CannotBuild("data: there are no rows in it")
    lists = [cells.to_pylist() for cells in columns]
    return Truth(tuple(names), tuple(lists[0]) if len(lists) == 1 else tuple(zip(*lists, strict=True)))


def _flat(cell: Any) -> Sequence[Any]:
    if isinstance(cell, (list, tuple)):
        return [inner for each in cell for inner in _flat(each)]
    return [cell]


def _class(cell: Any) -> str | int:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return int(cell) if isinstance(cell, bool) else cell if isinstance(cell, (str, int)) else str(cell)
