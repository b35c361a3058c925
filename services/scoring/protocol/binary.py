"""The binary tensor extension: raw little-endian tensors after the JSON part, strings with a length before each."""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.layout import DTYPES
from shared.ports.models.inference import Array, TensorDatatype

_LENGTH = struct.Struct("<I")
# Numbers as they lie in a message.
_LITTLE_ENDIAN: dict[TensorDatatype, np.dtype] = {name: dtype.newbyteorder("<") for name, dtype in DTYPES.items()}
_LITTLE_ENDIAN["BF16"] = np.dtype("<u2")  # the upper half of an FP32


class BinaryTensors:
    """The bytes after the JSON part, handed out in the order of the tensors that claim them."""

    def __init__(self, body: bytes, offset: int) -> None:
        self._body = body
        self._offset = offset

    def attach(self, tensors: Mapping[str, dict[str, Any]]) -> None:
        """Give every tensor with `binary_data_size` its flat `array`; raises `Invalid` unless all bytes are used."""
        for name, tensor in tensors.items():
            parameters = tensor.get("parameters")
            size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
            if size is not None:
                tensor["array"] = self._take(name, tensor.get("datatype"), size)
        if self._offset != len(self._body):
            raise Invalid(f"body: {len(self._body) - self._offset} bytes after the last tensor")

    def _take(self, name: str, datatype: object, size: object) -> Array:
        if type(size) is not int or size < 0 or self._offset + size > len(self._body):
            left = len(self._body) - self._offset
            raise Invalid(f"{name}: binary_data_size {size!r:.40} does not fit the {left} bytes left")
        if not isinstance(datatype, str) or datatype not in _LITTLE_ENDIAN:
            raise Invalid(f"{name}: datatype {datatype!r:.40} is not one of the protocol's")
        start, self._offset = self._offset, self._offset + size
        if datatype == "BYTES":
            return read_texts(name, self._body[start : start + size])
        dtype = _LITTLE_ENDIAN[datatype]
        if size % dtype.itemsize:
            raise Invalid(f"{name}: {size} bytes are no whole number of {datatype}")
        found = aligned(np.frombuffer(self._body, dtype, size // dtype.itemsize, start))
        return (found.astype("<u4") << 16).view(np.float32) if datatype == "BF16" else found


def aligned(array: Array) -> Array:
    """A copy where the numbers begin at an odd place of the message."""
    return array if array.flags.aligned else array.copy()


def read_texts(name: str, body: bytes) -> Array:
    """Texts, each after its length in four bytes."""
    texts: list[str] = []
    at = 0
    while at < len(body):
        if at + 4 > len(body):
            raise Invalid(f"{name}: the length of text {len(texts)} is cut off")
        (length,) = _LENGTH.unpack_from(body, at)
        at += 4 + length
        if at > len(body):
            raise Invalid(f"{name}: text {len(texts)} is cut off")
        try:
            texts.append(body[at - length : at].decode())
        except UnicodeDecodeError:
            raise Invalid(f"{name}: text {len(texts)} is not UTF-8") from None
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def write_tensor(array: Array, datatype: TensorDatatype) -> bytes:
    """The bytes of one output. What a model gives as BF16 are FP32 whose lower half is empty."""
    if datatype == "BF16":
        return (array.astype("<f4", copy=False).view("<u4") >> 16).astype("<u2").tobytes()
    if datatype != "BYTES":
        return array.astype(_LITTLE_ENDIAN[datatype], copy=False).tobytes()
    texts = [str(each).encode() for each in array.ravel()]
    return b"".join(_LENGTH.pack(len(text)) + text for text in texts)
