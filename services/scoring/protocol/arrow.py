"""Arrow IPC streams: a column for each input, a row for each row. Imported when the first one comes: pyarrow is large.

Beside the inputs, column `sluice.key` may name the rows and `sluice.observed_at` tell their times; the schema's
metadata may hold `id` and `outputs` (a JSON array of names). The answer is a stream, too: a column for each output.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from services.scoring.protocol.answers import Answer, Headers, Invalid
from services.scoring.protocol.arrow_columns import column_of, found_in, is_text, texts_of, values_of
from services.scoring.protocol.arrow_frames import check_frames
from services.scoring.protocol.infer_request import ARROW_TYPE, InferRequest, outputs_of
from services.scoring.protocol.layout import Layout
from services.scoring.protocol.matrices import Tensors, asked_for, put_together
from services.scoring.protocol.parameters import keys_of, moments_of
from services.scoring.protocol.tensors import block_of
from shared.ports.models.inference import Array, TensorSpec

KEY, OBSERVED_AT = "sluice.key", "sluice.observed_at"


def read_stream(layout: Layout, body: bytes, max_rows: int) -> InferRequest:
    """Raises `Invalid` naming the column, and what was expected and found."""
    check_frames(body)
    try:
        table = _table(layout, body, max_rows)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise Invalid(f"body: an Arrow IPC stream that cannot be read ({str(error)[:200]})") from None
    texts_left = [max(len(body), 1 << 20)]
    blocks = (*layout.blocks, *layout.matrices.values())
    nullable = {s.name: flag for block in blocks for s, flag in zip(block.specs, block.nullable, strict=True)}
    tensors: Tensors = {
        name: values_of(spec, nullable[name], table.column(name), texts_left)
        for name, spec in asked_for(layout, table.schema.names).items()
    }
    tensors = put_together(layout, tensors, table.num_rows)
    request = InferRequest("", table.num_rows, [block_of(block, tensors, table.num_rows) for block in layout.blocks])
    request.binary = request.arrow = True
    _read_ours(request, table, texts_left)
    return request


def _table(layout: Layout, body: bytes, max_rows: int) -> pa.Table:
    """Nothing of a batch is read before columns and rows are known to be acceptable."""
    batches, rows = [], 0
    with pa.ipc.open_stream(body) as reader:
        _check_names(reader.schema, layout)
        for batch in reader:
            rows += batch.num_rows
            if rows > max_rows:
                raise Invalid(f"body: {rows} rows or more, at most {max_rows} are taken in one request", 413)
            batch.validate(full=True)
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def _check_names(schema: pa.Schema, layout: Layout) -> None:
    names = schema.names
    specs = asked_for(layout, names)
    unknown = [name for name in names if name not in specs and name not in (KEY, OBSERVED_AT)]
    if unknown:
        expected = ", ".join(list(specs)[:50])
        raise Invalid(f"columns: {unknown[0][:100]!r} is not an input of this model; they are: {expected}")
    if len(set(names)) != len(names):
        raise Invalid("columns: two columns have the same name")
    for name, spec in specs.items():
        if name not in names:
            expected = f"expected shape {list(spec.shape)}, datatype {spec.datatype}"
            raise Invalid(f"columns: {name} is missing; {expected}")
        found_in(spec, schema.field(name).type)
    for name in (KEY, OBSERVED_AT):
        kind = schema.field(name).type if name in names else pa.string()
        if not (is_text(kind) or (name == OBSERVED_AT and pa.types.is_timestamp(kind))):
            raise Invalid(f"{name}: expected texts{' or timestamps' if name == OBSERVED_AT else ''}, found {kind}")


def _read_ours(request: InferRequest, table: pa.Table, texts_left: list[int]) -> None:
    names, metadata = table.schema.names, table.schema.metadata or {}
    if KEY in names:
        request.keys = keys_of(texts_of(KEY, table.column(KEY), texts_left), request.rows)
    if OBSERVED_AT in names:
        request.observed_at = moments_of(_moments(table.column(OBSERVED_AT), texts_left), request.rows)
    request.id = metadata.get(b"id", b"").decode(errors="replace")
    if len(request.id) > 256:
        raise Invalid("id: a text of at most 256 characters is required")
    if b"outputs" in metadata:
        try:
            wanted = orjson.loads(metadata[b"outputs"])
        except orjson.JSONDecodeError as error:
            raise Invalid(f"outputs: not a JSON array ({error})") from None
        request.outputs = outputs_of([{"name": each} for each in wanted] if isinstance(wanted, list) else wanted, True)


def _moments(column: pa.ChunkedArray, texts_left: list[int]) -> list[Any]:
    """As texts, which is how the other requests say it; without a zone they are UTC."""
    if not pa.types.is_timestamp(column.type):
        return texts_of(OBSERVED_AT, column, texts_left)
    try:
        moments = column.cast(pa.timestamp("us"), safe=False).to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise Invalid(f"{OBSERVED_AT}: {str(error)[:200]}") from None
    return [moment and moment.isoformat() for moment in moments]


def write_stream(
    specs: Sequence[TensorSpec], columns: Mapping[str, Array], said: Mapping[str, str], headers: Headers
) -> Answer:
    """`columns` are the outputs asked for, `said` is the schema's metadata."""
    arrays = [column_of(spec, columns[spec.name]) for spec in specs if spec.name in columns]
    names = [spec.name for spec in specs if spec.name in columns]
    batch = pa.RecordBatch.from_arrays(arrays, names=names).replace_schema_metadata(said)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return Answer(200, sink.getvalue().to_pybytes(), (("content-type", ARROW_TYPE), *headers))
