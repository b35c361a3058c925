"""A request as it was decoded, whatever form it came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scoring.protocol.answers import Invalid
from shared.ports.models.inference import Array

ARROW_TYPE = "application/vnd.apache.arrow.stream"
# In place of the length of a JSON part, which no such request has: a door says by it that the body is an Arrow stream.
ARROW_STREAM = -1


@dataclass(slots=True)
class InferRequest:
    """Decoded. `arrays` are the layout's blocks; `outputs` maps the names asked for to "as binary", None for all.

    `keys` and `observed_at` (UTC, one or one per row) are what the caller says about its rows. `arrow` asks for an
    Arrow stream, as the request was one. `began_ns` is when it came, by the clock that latencies are measured with.
    """

    id: str
    rows: int
    arrays: list[Array]
    outputs: dict[str, bool] | None = None
    binary: bool = False
    keys: Sequence[str] | None = None
    observed_at: Sequence[datetime] | None = None
    arrow: bool = False
    began_ns: int = 0


def outputs_of(outputs: object, binary: bool) -> dict[str, bool] | None:
    """Names asked for, each with whether as bytes; whether they exist is for the encoder to say."""
    if not isinstance(outputs, list):
        raise Invalid("outputs: an array is required")
    found: dict[str, bool] = {}
    for output in outputs:
        name = output.get("name") if isinstance(output, dict) else None
        if not isinstance(name, str):
            raise Invalid("outputs: every output must be an object with a name")
        parameters = output.get("parameters") or {}
        wish = parameters.get("binary_data") if isinstance(parameters, dict) else None
        found[name] = (binary if wish is None else wish) is True
    return found or None
