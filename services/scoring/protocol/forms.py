"""Messages that differ from one read before in nothing but the numbers of their one tensor.

A client sends the same form again and again. What stands before and after the numbers equals, byte by byte, what was
read and checked once, so it means the same.
"""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from services.scoring.protocol.binary import aligned
from services.scoring.protocol.layout import DTYPES, Form, HeadForm, Layout
from services.scoring.protocol.tensors import STRUCT_CODES
from shared.ports.models.inference import Array

_MOST = 1_000
LONGEST = 1_024
_DATA = b'"data"'
_U, _S = b"us"  # as numbers: a text would first be taken for a number, which costs an exception


def from_known_form(layout: Layout, body: bytes) -> tuple[int, Array] | None:
    """Rows and the only tensor of a message whose form is known; None leaves it to the general way, errors included."""
    at = body.find(b"[", body.find(_DATA) + 1)
    form = layout.forms.get(body[:at])
    if form is None or not body.endswith(form.tail):
        return None
    numbers = body[at : -len(form.tail)]
    if _U in numbers or _S in numbers:  # true and false would be packed as numbers; nothing else that is none
        return None
    try:
        return form.rows, np.ndarray(form.shape, form.dtype, form.pack(*orjson.loads(numbers)))
    except (orjson.JSONDecodeError, struct.error, OverflowError):
        return None


def from_known_head(layout: Layout, body: bytes, header_length: int) -> tuple[HeadForm, Array] | None:
    """The JSON part, if it is known, and the one tensor after it; None leaves both to the general way."""
    if header_length > LONGEST:
        return None
    form = layout.heads.get(body[:header_length])
    if form is None or len(body) - header_length != form.size:
        return None
    return form, aligned(np.frombuffer(body, form.dtype, offset=header_length)).reshape(form.shape)


def learn_head(layout: Layout, body: bytes, header_length: int, form: HeadForm) -> None:
    """`form` is what this message was read as; kept if its one tensor is all that came as bytes, and holds no texts."""
    if header_length > LONGEST or form.dtype.hasobject or form.size != len(body) - header_length:
        return
    if len(layout.heads) >= _MOST:
        layout.heads.clear()
    layout.heads[body[:header_length]] = form


def learn_form(layout: Layout, body: bytes, message: Mapping[str, Any], array: Array, rows: int) -> None:
    """`message` is what the body says, `array` what became of its one tensor; kept if nothing else is in there."""
    datatype = layout.blocks[0].datatype
    code = STRUCT_CODES.get(datatype)
    at = body.find(b"[", body.find(_DATA) + 1)
    head, tail = body[:at], body[body.find(b"]", at) + 1 :]
    (tensor,) = message["inputs"]
    without = {"inputs": [{**tensor, "data": []}]}
    if code is None or tensor["datatype"] != datatype or at < 0 or not tail:
        return
    if message.keys() != without.keys() or _read(head + b"[]" + tail) != without:
        return
    if len(layout.forms) >= _MOST:
        layout.forms.clear()
    pack = struct.Struct(f"{array.size}{code}").pack
    layout.forms[head] = Form(tail, rows, array.shape, DTYPES[datatype], pack)


def _read(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
