"""What all parts of a signature share: nothing unknown is in them, and names are those that files really have."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

# Data types of the Open Inference Protocol v2.
type Datatype = Literal[
    "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "BF16", "FP32", "FP64",
    "BYTES",
]  # fmt: skip
FLOATS: frozenset[Datatype] = frozenset({"FP16", "BF16", "FP32", "FP64"})
# Dimensions; -1 is one of any size, and the first is that of the rows.
type Shape = tuple[int, ...]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _printable(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("a name is printable and neither begins nor ends with a space")
    return name


type ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
# Within the package's folder, at most one folder deep.
type ExtraFile = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")
]
type Category = Annotated[str, StringConstraints(min_length=1, max_length=256)]


def words(shape: Shape) -> str:
    """As a person writes it: `[N, 30]`."""
    return f"[{', '.join('N' if size == -1 else str(size) for size in shape)}]"
