"""Which datatype is taken for which: where a value means the same in both, whatever form it comes in.

Floats and integers for floats, rounded as a number in a text is; integers for integers that hold them. Never a text for
a number, a truth for either, or a float for an integer.
"""

import numpy as np

from services.scoring.protocol.answers import Invalid
from services.scoring.protocol.layout import DTYPES, FLOATS
from shared.ports.models.inference import Array, TensorSpec

_INTEGERS = frozenset(name for name, dtype in DTYPES.items() if dtype.kind in "iu")


def is_taken_for(found: object, wanted: str) -> bool:
    """Whether values of datatype `found` may be tried where the model wants another one."""
    if found == wanted or not isinstance(found, str):
        return False
    return (found in _INTEGERS and (wanted in FLOATS or wanted in _INTEGERS)) or (found in FLOATS and wanted in FLOATS)


def fitted(spec: TensorSpec, values: Array) -> Array:
    """In the model's datatype. Raises `Invalid` for an integer beyond its range; a float beyond it becomes infinite."""
    dtype = DTYPES[spec.datatype]
    if dtype.kind in "iu" and len(values) and values.dtype != dtype:
        limits = np.iinfo(dtype)
        if int(values.min()) < limits.min or int(values.max()) > limits.max:
            raise Invalid(f"{spec.name}: a value is outside of the range of datatype {spec.datatype}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype)
