"""What a label's cell says: classes by their spelling, numbers, and several of either."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from shared.tasks.task import About

# What marks a place of a sequence that has no label: the convention of tokenizers, and nulls.
_NOTHING = frozenset({"-100", ""})


def spelling(cell: Any) -> str:
    """A class as text: true, 1 and 1.0 are one class, and so are they as numpy has them."""
    value = cell.item() if hasattr(cell, "item") else cell
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def class_name(value: object, classes: Sequence[str | int] = ()) -> str | None:
    """The name of what a label says: a text is one; a whole number is a class, or the place of one that has a name."""
    if value is None or value != value:
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool):
        value = int(value) if classes else str(value).lower()
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and not value.is_integer():
        return str(value)
    number = int(value)  # type: ignore[call-overload]
    has_places = 0 <= number < len(classes) and not any(isinstance(each, int) for each in classes)
    return str(classes[number] if has_places else number)


def spellings(about: About) -> tuple[str, ...]:
    return tuple(map(spelling, about.classes))


def is_null(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell)


def one_class(cell: Any, about: About) -> str | None:
    """Its spelling; None for what is no class."""
    if is_null(cell) or isinstance(cell, (tuple, list)):
        return None
    if not about.classes:
        return spelling(cell) or None
    found = class_name(cell.item() if hasattr(cell, "item") else cell, about.classes)
    return found if found in spellings(about) else None


def yes_or_no(cell: Any, about: About) -> int | None:
    """1 for the positive class; without classes, labels are 0 and 1."""
    found = one_class(cell, about)
    known = spellings(about) or ("0", "1")
    if found not in known:
        return None
    return int(found == known[about.positive_at])


def number(cell: Any, about: About) -> float | None:
    if is_null(cell) or isinstance(cell, (tuple, list, str, bytes)):
        return None
    return float(cell) if isfinite(float(cell)) else None


def numbers(cell: Any, about: About) -> tuple[float, ...] | None:
    """One, or several in a tuple."""
    return _all(number(each, about) for each in _several(cell))


def set_of_classes(cell: Any, about: About) -> tuple[int, ...] | None:
    """0 or 1 for each label: from columns of them, or from a list of those that hold."""
    cells = _several(cell)
    if about.classes and not (len(cells) == len(about.classes) and all(each in (0, 1) for each in cells)):
        named = {spelling(each) for each in cells}
        known = spellings(about)
        return tuple(int(each in named) for each in known) if named <= set(known) else None
    return tuple(map(int, cells)) if all(each in (0, 1) for each in cells) else None


def sequence_of_classes(cell: Any, about: About) -> tuple[str, ...] | None:
    """A class for each place, "" for those without."""
    if is_null(cell):
        return None
    found = tuple("" if is_null(each) or spelling(each) in _NOTHING else spelling(each) for each in _flat(cell))
    return found if not about.classes or set(found) - {""} <= set(spellings(about)) else None


def pixel_classes(cell: Any, about: About) -> tuple[str, ...] | None:
    """As `sequence_of_classes`, by name, or by place as most masks have them."""
    found = sequence_of_classes(cell, About())
    if found is None or not about.classes:
        return found
    names = spellings(about)
    by_place = {str(at): name for at, name in enumerate(names)}
    known = tuple(each if each in names else by_place.get(each, each) for each in found)
    return known if set(known) <= {"", *names} else None


def _is_list(cell: Any) -> bool:
    """Arrays of numpy's among them, its single numbers not."""
    return isinstance(cell, (tuple, list)) or getattr(cell, "ndim", None) not in (None, 0)


def _several(cell: Any) -> Sequence[Any]:
    return tuple(cell) if _is_list(cell) else (cell,)


def _flat(cell: Any) -> Iterable[Any]:
    for each in _several(cell):
        if _is_list(each):
            yield from _flat(each)
        else:
            yield each


def _all[T](found: Iterable[T | None]) -> tuple[T, ...] | None:
    kept = tuple(found)
    return None if any(each is None for each in kept) or not kept else tuple(each for each in kept if each is not None)
