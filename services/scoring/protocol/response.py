"""Writing an inference answer: what never changes is a template, the numbers of each output go in by one call."""

import sys
from collections.abc import Sequence

import numpy as np
import orjson
from pydantic_core import to_json

from services.scoring.protocol.answers import JSON, Answer, Headers, Invalid
from services.scoring.protocol.binary import write_tensor
from services.scoring.protocol.infer_request import InferRequest
from services.scoring.protocol.layout import DTYPES
from shared.ports.models.inference import Array, TensorSpec

_MOST_HEADS = 1_000


class Outputs:
    """The outputs of one run, written as JSON once for all the requests that share it, and cut between the rows."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays = arrays
        self._rows: list[Sequence[bytes]] | None = None

    @property
    def rows(self) -> list[Sequence[bytes]]:
        """For each row, the values of each output, flat, without the brackets around them."""
        found = self._rows
        if found is None:
            found = self._rows = self._as_rows()
        return found

    def _as_rows(self) -> list[Sequence[bytes]]:
        if len(self.arrays[0]) == 1:
            return [[_json(array)[1:-1] for array in self.arrays]]
        return list(zip(*map(_rows_of, self.arrays), strict=True))

    def json(self, index: int, start: int, stop: int) -> bytes:
        """The values of these rows, flat, as a JSON array; NaN and infinities are null."""
        array = self.arrays[index]
        if stop - start == len(array):
            return _json(array)
        return b"[%b]" % b",".join([row[index] for row in self.rows[start:stop]])


def _json(array: Array) -> bytes:
    """All values, flat. FP32 is written with the digits that tell it from its neighbours."""
    if array.dtype.kind == "O":
        return to_json(array.ravel().tolist())
    return orjson.dumps(array if array.ndim == 1 else array.reshape(-1), option=orjson.OPT_SERIALIZE_NUMPY)


def _rows_of(array: Array) -> list[bytes]:
    if array.dtype.kind == "O":
        return [_json(row)[1:-1] for row in array.reshape(len(array), -1)]
    if array.size == len(array):
        return _json(array)[1:-1].split(b",")
    rows = np.ascontiguousarray(array.reshape(len(array), -1))
    return orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)[2:-2].split(b"],[")


class ResponseEncoder:
    """For one model version."""

    def __init__(self, name: str, version: str, outputs: Sequence[TensorSpec], headers: Headers) -> None:
        self._name, self._version = name, version
        self._specs = tuple(outputs)
        self._index = {spec.name: index for index, spec in enumerate(outputs)}
        self._head = b'{"model_name":' + to_json(name) + b',"model_version":' + to_json(version)
        self._openings = [
            b'{"name":' + to_json(spec.name) + b',"datatype":"' + spec.datatype.encode() + b'","shape":['
            for spec in outputs
        ]
        self._json_headers: Headers = (*JSON, *headers)
        self._headers = headers
        is_fixed = not any(-1 in spec.shape[1:] for spec in outputs)
        self._template = self._whole() if is_fixed else b""
        self._row_template = self._whole(b"1", b"[%b]") if is_fixed else b""
        others = any(spec.datatype in ("BYTES", "BF16") for spec in outputs)
        self._has_plain_bytes = bool(self._template) and not others and sys.byteorder == "little"
        self._byte_heads: dict[int, tuple[bytes, Headers]] = {}

    def _whole(self, rows: bytes = b"%d", values: bytes = b"%b") -> bytes:
        """An answer with all outputs as JSON: id, then the rows and the values of each output, are filled in."""
        parts = []
        for spec, opening in zip(self._specs, self._openings, strict=True):
            inner = "".join(f",{size}" for size in spec.shape[1:]).encode()
            parts.append(opening.replace(b"%", b"%%") + rows + inner + b'],"data":' + values + b"}")
        return self._head.replace(b"%", b"%%") + b'%b,"outputs":[' + b",".join(parts) + b"]}"

    def check(self, request: InferRequest) -> None:
        """Raises `Invalid` for an output that this model has not got."""
        for name in request.outputs or ():
            if name not in self._index:
                known = ", ".join(self._index)
                raise Invalid(f"outputs: {name[:100]!r} is not an output of this model; they are: {known}")

    def encode(self, request: InferRequest, outputs: Outputs, start: int) -> Answer:
        """`outputs` hold the rows of this request from `start` on."""
        identity = b',"id":' + to_json(request.id) if request.id else b""
        rows = request.rows
        if request.outputs is None and not request.binary and self._template:
            if rows == 1:
                return Answer(200, self._row_template % (identity, *outputs.rows[start]), self._json_headers)
            fields: list[bytes | int] = [identity]
            for index in range(len(self._specs)):
                fields += (rows, outputs.json(index, start, start + rows))
            return Answer(200, self._template % tuple(fields), self._json_headers)
        if request.binary and request.outputs is None and self._has_plain_bytes and not (identity or request.arrow):
            return self._all_as_bytes(request, outputs, start)
        return self._chosen(request, outputs, start, identity)

    def encode_no_rows(self, request: InferRequest) -> Answer:
        """For what no model need be asked. Sizes that the model leaves free are 0."""
        shapes = [(0, *(max(size, 0) for size in spec.shape[1:])) for spec in self._specs]
        arrays = [np.empty(shape, DTYPES[spec.datatype]) for shape, spec in zip(shapes, self._specs, strict=True)]
        return self.encode(request, Outputs(arrays), 0)

    def _all_as_bytes(self, request: InferRequest, outputs: Outputs, start: int) -> Answer:
        """The JSON part says no more than how many rows there are, so it is written once for each number of them."""
        rows = request.rows
        if rows not in self._byte_heads:
            first = self._chosen(request, outputs, start, b"")
            if len(self._byte_heads) < _MOST_HEADS:
                sizes = sum([array[:rows].nbytes for array in outputs.arrays])
                self._byte_heads[rows] = first.body[: len(first.body) - sizes], first.headers
            return first
        head, headers = self._byte_heads[rows]
        tails = [array[start : start + rows].tobytes() for array in outputs.arrays]
        return Answer(200, b"".join((head, *tails)), headers)

    def _chosen(self, request: InferRequest, outputs: Outputs, start: int, identity: bytes) -> Answer:
        chosen = request.outputs or dict.fromkeys(self._index, request.binary)
        tails: list[bytes] = []
        stop = start + request.rows
        if request.arrow:
            return self._stream(request, {name: outputs.arrays[self._index[name]][start:stop] for name in chosen})
        parts = [
            self._tensor(self._index[name], outputs, start, stop, tails, as_bytes) for name, as_bytes in chosen.items()
        ]
        body = b'%b%b,"outputs":[%b]}' % (self._head, identity, b",".join(parts))
        if not tails:
            return Answer(200, body, self._json_headers)
        headers: Headers = (
            ("content-type", "application/octet-stream"),
            ("inference-header-content-length", str(len(body))),
            *self._headers,
        )
        return Answer(200, b"".join((body, *tails)), headers)

    def _stream(self, request: InferRequest, columns: dict[str, Array]) -> Answer:
        from services.scoring.protocol.arrow import write_stream  # in memory since the request was read

        said = {"model_name": self._name, "model_version": self._version, "id": request.id}
        return write_stream(self._specs, columns, said, self._headers)

    def _tensor(self, index: int, outputs: Outputs, start: int, stop: int, tails: list[bytes], as_bytes: bool) -> bytes:
        array = outputs.arrays[index][start:stop]
        shape = ",".join(map(str, array.shape)).encode()
        if as_bytes:
            tail = write_tensor(array, self._specs[index].datatype)
            tails.append(tail)
            return b'%b%b],"parameters":{"binary_data_size":%d}}' % (self._openings[index], shape, len(tail))
        return b'%b%b],"data":%b}' % (self._openings[index], shape, outputs.json(index, start, stop))
