"""What each output means, and which task they answer: guesses, which are shown to the person who knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Known
from function_app.model_builder.truth import Truth
from function_app.model_builder.wanted import Wanted
from shared.packages.graph import GraphTensor
from shared.packages.signature import InputColumn, OutputColumn
from shared.packages.signature.strict import FLOATS
from shared.tasks import TASKS
from shared.tasks.task import Role

type Arrays = Mapping[str, NDArray[Any]]
_NEAR_ONE = 1e-3


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the task, the classes of its labels, and the quantiles it is about."""

    task: str
    classes: tuple[str | int, ...] = ()
    quantiles: tuple[float, ...] = ()


def question(known: Known, wanted: Wanted, truth: Truth, inputs: Sequence[InputColumn], graph_classes: Any) -> Question:
    """Raises `CannotBuild` where the task cannot be told."""
    task = wanted.task or _full(known.task, truth, inputs) or _by_labels(truth, inputs)
    if task not in TASKS:
        known_tasks = ", ".join(sorted(name for name, each in TASKS.items() if not each.refused))
        raise CannotBuild(f"task: {task!r} is not known; there are {known_tasks}")
    if TASKS[task].refused:
        raise CannotBuild(f"task: a model for {task} is no package: {TASKS[task].refused}")
    quantiles = wanted.quantiles or known.quantiles
    if task == "quantile_regression" and not quantiles:
        raise CannotBuild(
            "quantiles: which levels does it answer? Name them with --quantiles, for instance 0.1,0.5,0.9"
        )
    return Question(task, _classes(task, known, truth, graph_classes), quantiles)


def _full(task: str, truth: Truth, inputs: Sequence[InputColumn]) -> str:
    return _by_labels(truth, inputs) if task == "classification" else task


def _by_labels(truth: Truth, inputs: Sequence[InputColumn]) -> str:
    kinds = {each.kind for each in inputs}
    if truth.is_list:
        return "token_classification" if isinstance(_first(truth.cells), str) else "forecasting"
    if truth.is_several:
        return "multilabel_classification" if truth.is_yes_or_no else "regression"
    if not truth.looks_like_classes:
        return "regression"
    if kinds == {"image"}:
        return "image_classification"
    if kinds == {"text"}:
        return "text_classification"
    return "binary_classification" if len(truth.distinct) == 2 else "multiclass_classification"


def _first(cells: Sequence[Any]) -> Any:
    return next((each for cell in cells for each in cell), None)


def _classes(task: str, known: Known, truth: Truth, graph_classes: Any) -> tuple[str | int, ...]:
    if task == "multilabel_classification":
        return tuple(truth.names) if truth.is_several else tuple(known.classes or truth.distinct)
    if "classification" not in task and task != "image_segmentation":
        return ()
    found = tuple(known.classes or graph_classes or truth.distinct)
    return found if len(found) > 1 else ()


def outputs_of(
    asked: Question, wanted: Wanted, graph: Sequence[GraphTensor], found: Arrays, shapes: Mapping[str, Sequence[int]]
) -> list[OutputColumn]:
    """Each output with its role; raises `CannotBuild` where none answers the task."""
    roles = _roles(asked, graph, found)
    columns = [_output(asked, wanted, each, shapes[each.name], roles.get(each.name)) for each in graph]
    if not any(each.role in TASKS[asked.task].answered_by for each in columns):
        described = ", ".join(f"{each.name} {each.datatype} {list(each.shape)}" for each in columns)
        needed = " or ".join(TASKS[asked.task].answered_by)
        raise CannotBuild(f"outputs: {asked.task} is answered by {needed}; found {described}: name the right --task")
    return columns


def _output(
    asked: Question, wanted: Wanted, tensor: GraphTensor, shape: Sequence[int], role: Role | None
) -> OutputColumn:
    several = role in ("score",) and len(shape) == 2 and shape[1] == len(wanted.labels) > 1
    return OutputColumn(
        name=tensor.name, datatype=tensor.datatype, shape=tuple(shape), role=role,
        targets=wanted.labels if several else None,
        quantiles=asked.quantiles if role == "quantile" else None,
    )  # fmt: skip


def _roles(asked: Question, graph: Sequence[GraphTensor], found: Arrays) -> dict[str, Role]:
    """A role is given once: two of a kind would leave it open which of them is meant."""
    roles: dict[str, Role] = {}
    for role in TASKS[asked.task].answered_by:
        fitting = [each.name for each in graph if each.name not in roles and _fits(role, asked, each, found[each.name])]
        if fitting:
            roles[_best(role, fitting, roles)] = role
    return roles


def _best(role: Role, names: Sequence[str], taken: Mapping[str, Role]) -> str:
    return next((name for name in names if role.rstrip("s") in name.lower()), names[0])


def _fits(role: Role, asked: Question, tensor: GraphTensor, values: NDArray[Any]) -> bool:
    inner = values.shape[1:] if values.dtype != np.object_ or values.ndim > 1 else _inner(values)
    is_float, one = tensor.datatype in FLOATS, all(size == 1 for size in inner)
    several = asked.task == "multilabel_classification"
    match role:
        case "label":
            whole = not is_float or (one and _are_classes(values, asked.classes))
            return whole and (one or (several and len(inner) == 1))
        case "probability":
            return is_float and one and len(inner) < 2 and _in_unit(values)
        case "probabilities":
            ends = not asked.classes or inner[-1:] == (len(asked.classes),)
            is_matrix = is_float and bool(inner) and inner[-1] > 1
            return is_matrix and ends and _in_unit(values) and (several or _adds_up(values))
        case "score":
            return tensor.datatype != "BYTES" and len(inner) < 3
        case "quantile":
            return is_float and bool(inner) and inner[-1] == len(asked.quantiles)
        case "mask":
            return len(inner) in (2, 3)
        case "tokens":
            return not is_float and len(inner) == 1
    return False


def _inner(values: NDArray[Any]) -> tuple[int, ...]:
    """Of rows in different sizes, those of the first."""
    first = values[0]
    return first.shape if isinstance(first, np.ndarray) else ()


def _all(values: NDArray[Any]) -> NDArray[Any]:
    is_ragged = values.dtype == np.object_ and isinstance(values.flat[0], np.ndarray)
    return np.concatenate([each.reshape(-1, each.shape[-1]) for each in values]) if is_ragged else values


def _in_unit(values: NDArray[Any]) -> bool:
    flat = _all(values)
    return bool((flat >= -_NEAR_ONE).all() and (flat <= 1 + _NEAR_ONE).all())


def _adds_up(values: NDArray[Any]) -> bool:
    return bool((np.abs(_all(values).sum(axis=-1) - 1) < _NEAR_ONE).all())


def _are_classes(values: NDArray[Any], classes: Sequence[str | int]) -> bool:
    return bool(set(np.unique(values).tolist()) <= {each for each in classes if not isinstance(each, str)})
