"""Rows as Arrow streams, and the answers that come back."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from services.scoring import ARROW_TYPE, Answer
from tests.support.onnx_models import SIGNATURE

TYPES = {"FP32": pa.float32(), "INT64": pa.int64(), "BYTES": pa.string()}


def batch_of(rows: list[dict[str, Any]], **columns: pa.Array) -> pa.RecordBatch:
    """These rows in the model's own types; `columns` are added, or take the place of others."""
    arrays = {
        each["name"]: pa.array([row[each["name"]] for row in rows], TYPES[each["datatype"]])
        for each in SIGNATURE["inputs"]
    } | columns
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


def stream_of(*batches: pa.RecordBatch, options: Any = None, metadata: Mapping[str, str] | None = None) -> bytes:
    schema = batches[0].schema.with_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(metadata))
    body: bytes = sink.getvalue().to_pybytes()
    return body


def table_of(answer: Answer) -> pa.Table:
    assert answer.status == 200, answer.body
    assert dict(answer.headers)["content-type"] == ARROW_TYPE
    return pa.ipc.open_stream(answer.body).read_all()
