"""One export of a model, tidied, run on the rows, and described by a signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from pydantic import ValidationError

from function_app.model_builder import feeding
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Export, Known
from function_app.model_builder.roles import Arrays, Question, outputs_of, question
from function_app.model_builder.running import Graph
from function_app.model_builder.surgery import Tidied, declare, free_rows, tidy
from function_app.model_builder.table import Table
from function_app.model_builder.truth import Truth
from function_app.model_builder.wanted import Wanted
from shared.packages.errors import NotAPackage
from shared.packages.graph import contradictions
from shared.packages.graph_file import read_graph
from shared.packages.signature import InputColumn, OutputColumn, Signature
from shared.packages.signature.strict import Shape

type Feeds = dict[str, NDArray[Any]]
_FEW = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """`answers` are those of all rows, by the graph's names; `done` says what was changed in the graph."""

    model: bytes
    signature: Signature
    answers: Arrays
    done: tuple[str, ...]


def candidate(
    export: Export, known: Known, rows: Table, columns: Sequence[str], truth: Truth, wanted: Wanted
) -> Candidate:
    """Raises `CannotBuild`."""
    tidied = tidy(export.model)
    inputs = _inputs(tidied, rows, columns, known.is_text)
    feeds = feeding.feeds(inputs, rows)
    inputs = _freed(tidied, inputs, feeds)
    is_alone = inputs[0].shape[0] == 1
    answers = Graph(_bytes(tidied)).run(feeds, row_by_row=is_alone)
    shapes = {name: _shape(values, is_alone) for name, values in answers.items()}
    declare(tidied, shapes, is_alone)
    model = _bytes(tidied)
    asked = question(known, wanted, truth, inputs, tidied.classes)
    outputs = outputs_of(asked, wanted, read_graph(model).outputs, answers, shapes)
    signature = _signature(asked, wanted, truth, inputs, outputs)
    if wrong := contradictions(signature, read_graph(model)):
        raise CannotBuild(wrong[0])
    return Candidate(model, signature, answers, tuple(tidied.done))


def _bytes(tidied: Tidied) -> bytes:
    body: bytes = tidied.model.SerializeToString(deterministic=True)
    return body


def _inputs(tidied: Tidied, rows: Table, columns: Sequence[str], is_text: bool) -> list[InputColumn]:
    try:
        graph = read_graph(_bytes(tidied))
    except NotAPackage as error:
        raise CannotBuild(str(error)) from error
    try:
        return feeding.inputs_of(graph.inputs, rows, columns, is_text)
    except ValidationError as error:
        raise CannotBuild(_first(error)) from error


def _freed(tidied: Tidied, inputs: list[InputColumn], feeds: Feeds) -> list[InputColumn]:
    """A first dimension of 1 is freed where several rows at once are answered as each one alone."""
    if all(each.shape[0] == -1 for each in inputs):
        return inputs
    freed = onnx.ModelProto()
    freed.CopyFrom(tidied.model)
    attempt = Tidied(freed)
    free_rows(attempt)
    few = {name: cells[:_FEW] for name, cells in feeds.items()}
    try:
        together, alone = (Graph(_bytes(each)) for each in (attempt, tidied))
        same = _same(together.run(few), alone.run(few, row_by_row=True))
    except CannotBuild:
        same = False
    if not same:
        return [each.model_copy(update={"shape": (1, *each.shape[1:])}) for each in inputs]
    tidied.model.CopyFrom(freed)
    tidied.done += attempt.done
    return [each.model_copy(update={"shape": (-1, *each.shape[1:])}) for each in inputs]


def _same(some: Arrays, others: Arrays) -> bool:
    return all(
        np.allclose(some[name], others[name], rtol=1e-4, atol=1e-5)
        if some[name].dtype != np.object_
        else bool((some[name] == others[name]).all())
        for name in some
    )


def _shape(values: NDArray[Any], is_alone: bool) -> Shape:
    first = 1 if is_alone else -1
    if values.dtype != np.object_ or values.ndim > 1 or not isinstance(values[0], np.ndarray):
        return (first, *values.shape[1:])
    sizes = zip(*(row.shape for row in values), strict=True)
    return (first, *(found[0] if len(set(found)) == 1 else -1 for found in map(tuple, sizes)))


def _signature(
    asked: Question, wanted: Wanted, truth: Truth, inputs: Sequence[InputColumn], outputs: Sequence[OutputColumn]
) -> Signature:
    try:
        return Signature(
            format=2, task=asked.task, inputs=tuple(inputs), outputs=tuple(_named_apart(inputs, outputs)),
            labels=truth.names, groups=wanted.groups, classes=asked.classes or None, positive=_positive(asked, wanted),
        )  # fmt: skip
    except ValidationError as error:
        raise CannotBuild(_first(error)) from error


def _named_apart(inputs: Sequence[InputColumn], outputs: Sequence[OutputColumn]) -> list[OutputColumn]:
    """A name is one column's: an output called as a column of the data is called after its role."""
    taken = {column.name for each in inputs for column in (*each.columns, each)}
    return [
        each.model_copy(update={"name": f"{each.name}_answer", "tensor": each.graph_name})
        if each.name in taken
        else each
        for each in outputs
    ]


def _positive(asked: Question, wanted: Wanted) -> str | int | None:
    if not wanted.positive:
        return None
    found = next((each for each in asked.classes if str(each) == wanted.positive), None)
    if found is None:
        raise CannotBuild(
            f"positive: {wanted.positive!r} is not one of the classes {', '.join(map(str, asked.classes)) or '(none)'}"
        )
    return found


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field + ': ' if field else ''}{first['msg'].removeprefix('Value error, ')}"
