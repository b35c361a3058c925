"""JSON bodies whose tensors are flat lists of numbers, straight to arrays: no Python object for each number.

Anything else, and anything wrong, is left to the general way, which says what is wrong.
"""

import re
import warnings
from typing import Any

import numpy as np
import orjson
import simdjson

from services.scoring.protocol.layout import DTYPES

# Below, the general way is as fast. Above, the parser's memory, which it keeps, would be ten times the body's.
_SHORTEST, _LONGEST = 1 << 10, 64 << 10
# What a list of this datatype is read as. It refuses texts, truths, nulls, and fractions where integers are due.
_KINDS = {"FP32": "d", "FP64": "d", "INT64": "i"}
_READ = {"d": np.dtype(np.float64), "i": np.dtype(np.int64)}
_parser = simdjson.Parser()

# A value beyond FP32's range becomes infinite, which `check_numbers` refuses; numpy need not tell, too.
warnings.filterwarnings("ignore", "overflow encountered in cast", RuntimeWarning, re.escape(__name__))


def numeric_message(body: bytes) -> dict[str, Any] | None:
    """The message with an `array` in the place of each tensor's `data`; None for what is not of this kind."""
    if not _SHORTEST <= len(body) <= _LONGEST:
        return None
    try:
        return _message(body)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):
        return None


def _message(body: bytes) -> dict[str, Any] | None:
    found: Any = _parser.parse(body)
    inputs = found["inputs"]
    others = {name: _plain(found[name]) for name in found if name != "inputs"}
    tensors = [_tensor(inputs[index]) for index in range(len(inputs))]
    # A list in a list would be flattened, whatever its shape: every bracket must be accounted for.
    lists = 1 + sum(map(_lists, tensors)) + orjson.dumps(others).count(b"[")
    return {**others, "inputs": tensors} if _begins(body, lists) else None


def _begins(body: bytes, lists: int) -> bool:
    """Whether so many lists begin in there. `count` would look at each byte, which takes 15 times as long."""
    at = -1
    for _ in range(lists):
        at = body.find(b"[", at + 1)
        if at < 0:
            return False
    return body.find(b"[", at + 1) < 0


def _tensor(found: Any) -> dict[str, Any]:
    tensor = {name: _plain(found[name]) for name in found if name != "data"}
    kind = _KINDS[tensor["datatype"]]
    numbers = np.frombuffer(found["data"].as_buffer(of_type=kind), _READ[kind])
    tensor["array"] = numbers.astype(DTYPES[tensor["datatype"]], copy=False)
    return tensor


def _lists(tensor: dict[str, Any]) -> int:
    """Of a tensor, its data included."""
    return 1 + sum([orjson.dumps(value).count(b"[") for name, value in tensor.items() if name != "array"])


def _plain(value: Any) -> Any:
    if isinstance(value, simdjson.Array):
        return value.as_list()
    return value.as_dict() if isinstance(value, simdjson.Object) else value
