"""Make a slow candidate from a good package: it answers the same, only later than it could.

    python -m flights.slow --package DIR --output DIR

Its graph does at every request what nobody needs: a matrix that depends on the rows is multiplied over and over, and
the result counts for nothing. ONNX Runtime cannot know that and has to do it. All other files stay as they are, so that
whoever judges the candidate by its answers finds it as good as the original.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

# Some twenty-five milliseconds for a request on one quiet core, however many rows it has.
ROUNDS = 6_000
# Small enough that ONNX Runtime leaves a product to one thread: the cost is the same however many cores there are.
_SIZE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, required=True, help="folder of a good model package")
    parser.add_argument("--output", type=Path, required=True, help="folder of the slow one")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="needless products at every request")
    arguments = parser.parse_args()
    delay(arguments.package, arguments.output, arguments.rounds)


def delay(package: Path, output: Path, rounds: int = ROUNDS) -> None:
    """Write the slow package; equal arguments give equal bytes."""
    shutil.copytree(package, output, dirs_exist_ok=True)
    (output / "model.onnx").write_bytes(slowed((package / "model.onnx").read_bytes(), rounds))


def slowed(model: bytes, rounds: int) -> bytes:
    """The same graph, with `rounds` products between the trees and what is made of their log-odds."""
    slow = onnx.load_model_from_string(model)
    for node in slow.graph.node:
        node.input[:] = ["late_log_odds" if name == "log_odds" else name for name in node.input]
    last = next(index for index, node in enumerate(slow.graph.node) if "log_odds" in node.output)
    for offset, node in enumerate(_needless(), start=last + 1):
        slow.graph.node.insert(offset, node)
    slow.graph.initializer.extend(_constants(rounds))
    return _written(slow)


def _needless() -> list[NodeProto]:
    """`late_log_odds` is `log_odds` plus nothing, known only when all products are done."""
    return [
        helper.make_node("ReduceMean", ["log_odds"], ["mean_log_odds"], "mean", keepdims=1),
        helper.make_node("Mul", ["mean_log_odds", "turn"], ["matrix"], "spread"),
        helper.make_node("Loop", ["rounds", "", "matrix"], ["product"], "needless", body=_body()),
        helper.make_node("ReduceMean", ["product"], ["mean_product"], "mean_of_products", keepdims=1),
        helper.make_node("Mul", ["mean_product", "nothing"], ["weightless"], "weigh"),
        helper.make_node("Add", ["log_odds", "weightless"], ["late_log_odds"], "late"),
    ]


def _body() -> onnx.GraphProto:
    shape = [_SIZE, _SIZE]
    nodes = [
        helper.make_node("MatMul", ["before", "turn"], ["after"], "product"),
        helper.make_node("Identity", ["going"], ["goes_on"], "go_on"),
    ]
    inputs = [
        helper.make_tensor_value_info("round", TensorProto.INT64, []),
        helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        helper.make_tensor_value_info("before", TensorProto.FLOAT, shape),
    ]
    outputs = [
        helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
        helper.make_tensor_value_info("after", TensorProto.FLOAT, shape),
    ]
    return helper.make_graph(nodes, "one_round", inputs, outputs)


def _constants(rounds: int) -> list[TensorProto]:
    """`turn` moves columns around: however often it is applied, numbers neither grow nor fade."""
    turn = np.roll(np.eye(_SIZE, dtype=np.float32), 1, axis=0)
    return [
        numpy_helper.from_array(turn, "turn"),
        numpy_helper.from_array(np.array(rounds, dtype=np.int64), "rounds"),
        numpy_helper.from_array(np.array(0.0, dtype=np.float32), "nothing"),
    ]


def _written(model: ModelProto) -> bytes:
    onnx.checker.check_model(model)
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized


if __name__ == "__main__":
    main()
