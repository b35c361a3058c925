"""What a graph says of itself against what `signature.json` says of it: compared before anything is run.

One rule for whoever builds, registers, stages or serves a package: `contradictions(signature, read_graph(model))`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.packages.signature import InputColumn, OutputColumn, Signature
from shared.packages.signature.strict import Shape, words

# What the pinned ONNX Runtime runs; a test asks it.
OLDEST_OPSET, NEWEST_OPSET, NEWEST_IR = 1, 28, 14
ZIPMAP = (
    "which ZipMap makes and the protocol has not: export with options={'zipmap': False}, or let `sluice model build` "
    "take ZipMap out"
)
type Column = InputColumn | OutputColumn


@dataclass(frozen=True, slots=True)
class GraphTensor:
    """`datatype` is one of the protocol's, or words for what is none. -1 in `shape` is free, None says nothing."""

    name: str
    datatype: str
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """`opsets` by the domain of their operators, "" for the standard ones. Inputs that have a default are left out."""

    ir_version: int
    opsets: Mapping[str, int]
    inputs: tuple[GraphTensor, ...]
    outputs: tuple[GraphTensor, ...]


def contradictions(signature: Signature, graph: Graph) -> tuple[str, ...]:
    """Each a sentence that names the tensor, what was found, what was expected and what to do; none is good."""
    return (
        *_versions(graph),
        *_missing(signature.inputs, graph.inputs, "input"),
        *_missing(signature.outputs, graph.outputs, "output"),
        *_unfed(signature.inputs, graph.inputs),
        *_different("input", signature.inputs, graph.inputs),
        *_different("output", signature.outputs, graph.outputs),
    )


def _versions(graph: Graph) -> Iterator[str]:
    opset = graph.opsets.get("")
    if opset is not None and not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        yield (
            f"the graph has opset {opset}; {OLDEST_OPSET} to {NEWEST_OPSET} are run here: export it with a target "
            f"opset of at most {NEWEST_OPSET}"
        )
    if graph.ir_version > NEWEST_IR:
        yield f"the graph has IR version {graph.ir_version}; {NEWEST_IR} is the newest that is run here: export it so"


def _missing(columns: Sequence[Column], tensors: Sequence[GraphTensor], side: str) -> Iterator[str]:
    there = [tensor.name for tensor in tensors]
    for column in columns:
        if column.graph_name not in there:
            known = ", ".join(map(repr, there[:20])) or "none"
            yield (
                f"{side} {_called(column)}: the graph has no such {side}; it has {known}: give the graph's name as "
                f"`tensor` where it differs from `name`"
            )


def _unfed(columns: Sequence[Column], tensors: Sequence[GraphTensor]) -> Iterator[str]:
    """Outputs that the signature leaves out are not asked for; inputs are all needed."""
    for name in sorted({tensor.name for tensor in tensors} - {column.graph_name for column in columns}):
        yield f"input {name!r} of the graph: signature.json has no such input: add it"


def _different(side: str, columns: Sequence[Column], tensors: Sequence[GraphTensor]) -> Iterator[str]:
    declared = {tensor.name: tensor for tensor in tensors}
    for column in columns:
        if (tensor := declared.get(column.graph_name)) is None:
            continue
        begins = f"{side} {_called(column)}"
        if tensor.datatype != column.datatype:
            yield f"{begins}: {_other_datatype(tensor.datatype, column.datatype)}"
        elif tensor.shape is not None and (why := _other_shape(side, _said(column, tensor.shape), tensor.shape)):
            yield (
                f"{begins}: the graph declares shape {words(tensor.shape)}, signature.json says "
                f"{words(column.shape)}: {why}"
            )


def _said(column: Column, found: Shape) -> Shape:
    """A signature that says nothing of an input's shape leaves it to the graph; format 1 had no words for it."""
    return column.shape if "shape" in column.model_fields_set else (-1, *found[1:])


def _other_datatype(found: str, said: str) -> str:
    if "map" in found:
        return f"the graph gives {found}, {ZIPMAP}"
    return f"the graph has datatype {found}, signature.json says {said}: say what the graph has"


def _other_shape(side: str, said: Shape, found: Shape) -> str:
    """What to do about it; "" where the one fits the other. A signature may fix what the graph leaves free."""
    if found and found[0] > 1:
        return f"a graph for {found[0]} rows at once is not served: export it with a free first dimension, or with 1"
    if found and found[0] == 1 and said[0] == -1:
        return (
            "a graph that takes one row at a time has 1 as the first dimension of every tensor, as signature.json then "
            "has; if it takes any number, free the dimension (`sluice model build` does)"
        )
    if len(said) == len(found) and all(size in (-1, wanted) for size, wanted in zip(found, said, strict=True)):
        return ""
    if side == "input":
        return f"say {words(found)}, or change the graph"
    declare = f"if {words(said)} is what comes out, the graph is to declare it (`sluice model build` does)"
    return f"say {words(found)}; {declare}"


def _called(column: Column) -> str:
    return repr(column.name) if column.tensor is None else f"{column.name!r} (in the graph {column.tensor!r})"
