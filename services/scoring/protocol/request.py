"""Reading an inference request against the model's inputs, straight to blocks of columns.

Policy for numbers: infinities are refused; NaN or null is a missing value, taken where the signature says nullable.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from services.scoring.protocol.answers import Invalid, Problem
from services.scoring.protocol.binary import BinaryTensors
from services.scoring.protocol.forms import LONGEST, from_known_form, from_known_head, learn_form, learn_head
from services.scoring.protocol.infer_request import ARROW_STREAM, InferRequest, outputs_of
from services.scoring.protocol.layout import HeadForm, Layout
from services.scoring.protocol.literals import literals
from services.scoring.protocol.matrices import asked_for, put_together
from services.scoring.protocol.numbers import numeric_message
from services.scoring.protocol.parameters import keys_of, moments_of
from services.scoring.protocol.rows import tensors_from_rows
from services.scoring.protocol.tensors import block_of, has_only_numbers
from shared.ports.models.inference import TensorSpec


def decode(layout: Layout, body: bytes, header_length: int | None, max_rows: int) -> InferRequest | Problem:
    """`header_length` is that of the JSON part when tensors follow it as bytes; `ARROW_STREAM` for an Arrow stream."""
    if header_length is None and len(body) <= LONGEST and (known := from_known_form(layout, body)) is not None:
        rows, array = known
        if rows <= max_rows:
            return InferRequest("", rows, [array])
    try:
        return _decode(layout, body, header_length, max_rows)
    except Invalid as invalid:
        return invalid.problem


def _decode(layout: Layout, body: bytes, header_length: int | None, max_rows: int) -> InferRequest:
    if header_length is None:
        return _from_json(layout, body, max_rows)
    if header_length == ARROW_STREAM:
        return _arrow(layout, body, max_rows)
    if not 0 < header_length <= len(body):
        raise Invalid(f"inference-header-content-length: {header_length} is not within the {len(body)} bytes sent")
    return _from_bytes(layout, body, header_length, max_rows)


def _from_json(layout: Layout, body: bytes, max_rows: int) -> InferRequest:
    numeric = numeric_message(body)
    message = numeric if numeric is not None else _object(body)
    tensors = _tensors_of(message, layout)
    plain = numeric is None and has_only_numbers(body)
    request = _request(layout, message, tensors, _row_count(tensors, layout, max_rows), plain)
    is_whole = len(layout.specs) == 1 and layout.first in tensors and message.get("inputs")
    if plain and is_whole and len(body) <= LONGEST:
        learn_form(layout, body, message, request.arrays[0], request.rows)
    return request


def _from_bytes(layout: Layout, body: bytes, header_length: int, max_rows: int) -> InferRequest:
    known = from_known_head(layout, body, header_length)
    if known is not None and known[0].rows <= max_rows:
        form, array = known
        return InferRequest("", form.rows, [array], form.outputs, form.binary)
    head = body[:header_length]
    message = _object(head)
    tensors = _tensors_of(message, layout)
    rows = _row_count(tensors, layout, max_rows)
    BinaryTensors(body, header_length).attach(tensors)
    request = _request(layout, message, tensors, rows, has_only_numbers(head))
    is_as_declared = layout.first in tensors and tensors[layout.first]["datatype"] == layout.blocks[0].datatype
    if len(layout.specs) == 1 and is_as_declared and not (request.id or request.keys or request.observed_at):
        (array,) = request.arrays
        form = HeadForm(array.dtype, array.shape, rows, array.nbytes, request.outputs, request.binary)
        learn_head(layout, body, header_length, form)
    return request


def _request(
    layout: Layout, message: Mapping[str, Any], tensors: Mapping[str, Mapping[str, Any]], rows: int, plain: bool
) -> InferRequest:
    if layout.matrices:
        tensors = put_together(layout, tensors, rows)
    arrays = [block_of(block, tensors, rows, plain) for block in layout.blocks]
    get = message.get  # null is how some clients leave out what may be left out
    request = InferRequest("" if get("id") is None else _id(message), rows, arrays)
    if get("parameters") is not None:
        _read_parameters(request, message["parameters"])
    if get("outputs") is not None:
        request.outputs = outputs_of(message["outputs"], request.binary)
    return request


def _arrow(layout: Layout, body: bytes, max_rows: int) -> InferRequest:
    from services.scoring.protocol.arrow import read_stream  # pyarrow costs 30 MB, and most instances never need it

    return read_stream(layout, body, max_rows)


def _object(body: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(literals(body) or f"body: not JSON ({error})") from None
    if type(message) is not dict:
        raise Invalid("body: a JSON object is required")
    found: dict[str, Any] = message
    return found


def _tensors_of(message: Mapping[str, Any], layout: Layout) -> dict[str, dict[str, Any]]:
    if message.get("inputs") is not None:
        return _tensors(message["inputs"], layout)
    if message.get("rows") is None:
        raise Invalid("inputs: a non-empty array of tensors is required")
    return tensors_from_rows(layout, message["rows"])


def _id(message: Mapping[str, Any]) -> str:
    found = message["id"]
    if not isinstance(found, str) or len(found) > 256:
        raise Invalid("id: a text of at most 256 characters is required")
    return found


def _tensors(inputs: object, layout: Layout) -> dict[str, dict[str, Any]]:
    if not isinstance(inputs, list) or not inputs:
        raise Invalid("inputs: a non-empty array of tensors is required")
    try:
        tensors = {tensor["name"]: tensor for tensor in inputs}
    except (KeyError, TypeError):
        raise Invalid("inputs: every tensor must be an object with a name") from None
    if len(tensors) != len(inputs):
        raise Invalid("inputs: two tensors have the same name")
    specs = asked_for(layout, tensors)
    if tensors.keys() != specs.keys():
        _explain_names(tensors, specs)
    return tensors


def _explain_names(tensors: Mapping[Any, object], specs: Mapping[str, TensorSpec]) -> None:
    unknown = [name for name in tensors if name not in specs]
    if unknown:
        expected = ", ".join(list(specs)[:50])
        raise Invalid(f"inputs: {str(unknown[0])[:100]!r} is not an input of this model; they are: {expected}")
    missing = next(spec for name, spec in specs.items() if name not in tensors)
    raise Invalid(
        f"inputs: {missing.name} is missing; expected shape {list(missing.shape)}, datatype {missing.datatype}"
    )


def _row_count(tensors: Mapping[str, Mapping[str, Any]], layout: Layout, max_rows: int) -> int:
    name = layout.first if layout.first in tensors else layout.matrices[layout.first].specs[0].name
    shape = tensors[name].get("shape")
    if type(shape) is not list or not shape or type(shape[0]) is not int or shape[0] < 0:
        raise Invalid(f"{name}: expected shape {list(asked_for(layout, tensors)[name].shape)}, found {shape!r:.100}")
    if shape[0] > max_rows:
        raise Invalid(f"{name}: {shape[0]} rows, at most {max_rows} are taken in one request", 413)
    rows: int = shape[0]
    return rows


def _read_parameters(request: InferRequest, parameters: object) -> None:
    if not isinstance(parameters, dict):
        raise Invalid("parameters: an object is required")
    request.binary = parameters.get("binary_data_output") is True
    if parameters.get("keys") is not None:
        request.keys = keys_of(parameters["keys"], request.rows)
    if parameters.get("observed_at") is not None:
        request.observed_at = moments_of(parameters["observed_at"], request.rows)
