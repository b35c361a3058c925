"""Gradient boosted trees of scikit-learn as one ONNX node.

skl2onnx 1.20 writes a boolean where onnx 1.23 takes only whole numbers, so this one estimator is translated here; all
else goes through skl2onnx.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from sklearn.ensemble import HistGradientBoostingClassifier

DOMAIN = "ai.onnx.ml"
OPSET = 3


def tree_ensemble(boosting: HistGradientBoostingClassifier, source: str, target: str) -> NodeProto:
    """A node from features [N, F] to the log-odds of the positive class [N, 1]."""
    nodes: dict[str, list[Any]] = {name: [] for name in _NODE}
    leaves: dict[str, list[Any]] = {name: [] for name in ("target_treeids", "target_nodeids", "target_weights")}
    for tree, (predictor,) in enumerate(boosting._predictors):
        for number, node in enumerate(predictor.nodes):
            for name, cell in zip(_NODE, (tree, number, *_split(node)), strict=True):
                nodes[name].append(cell)
            if node["is_leaf"]:
                leaves["target_treeids"].append(tree)
                leaves["target_nodeids"].append(number)
                leaves["target_weights"].append(float(node["value"]))
    attributes: dict[str, Any] = {f"nodes_{name}": cells for name, cells in nodes.items()} | leaves
    attributes["target_ids"] = [0] * len(leaves["target_weights"])
    return helper.make_node(
        "TreeEnsembleRegressor",
        [source],
        [target],
        "trees",
        domain=DOMAIN,
        n_targets=1,
        base_values=[float(boosting._baseline_prediction.item())],
        **attributes,
    )


_NODE = (
    "treeids",
    "nodeids",
    "modes",
    "featureids",
    "values",
    "truenodeids",
    "falsenodeids",
    "missing_value_tracks_true",
)


def _split(node: NDArray[np.void]) -> tuple[Any, ...]:
    """Mode, feature, threshold, child if not above it, child if above, and whether NaN goes to the former."""
    if node["is_leaf"]:
        return ("LEAF", 0, 0.0, 0, 0, 0)
    threshold = _not_above(float(node["num_threshold"]))
    children = int(node["left"]), int(node["right"])
    return ("BRANCH_LEQ", int(node["feature_idx"]), threshold, *children, int(node["missing_go_to_left"]))


def _not_above(threshold: float) -> float:
    """The largest 32-bit float not above it: for 32-bit features `x <= threshold` then says the same."""
    rounded = np.float32(threshold)
    return float(rounded if rounded <= threshold else np.nextafter(rounded, np.float32("-inf")))
