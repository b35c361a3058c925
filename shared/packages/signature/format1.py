"""Signatures of format 1, which knew one task, one value for each input and row, and one output that is watched."""

from collections.abc import Mapping
from typing import Any

FORMAT = 2


def upcast(signature: Mapping[str, Any]) -> dict[str, Any]:
    """The same in format 2. A matrix of probabilities was declared as `prediction`, too, and is told by its shape.

    Raises `ValueError` for what was wrong in format 1 already and could not be said in format 2.
    """
    found = dict(signature)
    prediction, label = found.pop("prediction", None), found.pop("label", None)
    outputs = [dict(each) for each in found.get("outputs") or ()]
    if prediction not in {each.get("name") for each in outputs}:
        raise ValueError(f"prediction {prediction!r} is not an output")
    for each in outputs:
        if each["name"] == prediction:
            inner = tuple(each.get("shape") or ())[1:]
            each["role"] = "probability" if inner in ((), (1,)) else "probabilities"
    return {**found, "format": FORMAT, "outputs": outputs, "labels": [label]}
