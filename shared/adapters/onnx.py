"""The inference port on ONNX Runtime: loads a graph that was checked, and warms it up."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime

from shared.adapters.onnx_graph import check_graph
from shared.ports.errors import Refused
from shared.ports.models.inference import Array, InferenceFailed, TensorDatatype, TensorSpec

_WARM_UP_ROWS = (1, 16)
_DATATYPES: dict[str, tuple[TensorDatatype, type]] = {
    "tensor(bool)": ("BOOL", np.bool_),
    "tensor(int8)": ("INT8", np.int8),
    "tensor(int16)": ("INT16", np.int16),
    "tensor(int32)": ("INT32", np.int32),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(uint8)": ("UINT8", np.uint8),
    "tensor(uint16)": ("UINT16", np.uint16),
    "tensor(uint32)": ("UINT32", np.uint32),
    "tensor(uint64)": ("UINT64", np.uint64),
    "tensor(float16)": ("FP16", np.float16),
    "tensor(float)": ("FP32", np.float32),
    "tensor(double)": ("FP64", np.float64),
    "tensor(string)": ("BYTES", np.object_),
}
_NUMPY = {datatype: dtype for datatype, dtype in _DATATYPES.values()}


class OnnxSession:
    """One model in memory."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.inputs = tuple(_spec(each) for each in session.get_inputs())
        self.outputs = tuple(_spec(each) for each in session.get_outputs())
        self._names = [each.name for each in self.outputs]
        # The wrapper's `run` costs a tenth of a small model's time: it checks names that the caller has checked.
        self._run = session._sess.run

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        try:
            found: list[Array] = self._run(self._names, columns, None)
        except Exception as error:  # ONNX Runtime names no base of what it raises
            raise InferenceFailed(str(error)[:500]) from error
        return found


class OnnxRuntime:
    """`threads` within one run; by default as many as there are cores for this process. Raises `Refused` for a provider
    that is not installed.
    """

    def __init__(self, threads: int | None = None, providers: Sequence[str] = ("CPUExecutionProvider",)) -> None:
        self._threads = threads or os.process_cpu_count() or 1
        self._providers = list(providers)
        check_providers(providers)

    def optimise(self, model: bytes) -> bytes:
        """Fusions that hold for every processor; what suits this one is done when it is loaded."""
        check_graph(model)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            options = self._options()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
            options.optimized_model_filepath = str(path)
            try:
                onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            except Exception as error:  # ONNX Runtime names no base of what it raises
                raise Refused(f"model.onnx: ONNX Runtime cannot load it: {str(error)[:500]}") from error
            return path.read_bytes()

    def load(self, model: bytes) -> OnnxSession:
        check_graph(model)
        return self.load_optimised(model)

    def load_optimised(self, model: bytes) -> OnnxSession:
        """Not checked again: what `optimise` wrote contains operators that nobody else may bring."""
        try:
            inner = onnxruntime.InferenceSession(model, self._options(), providers=self._providers)
            if inner.get_providers()[0] != self._providers[0]:
                raise Refused(f"model.onnx: {self._providers[0]} is installed, but does not start on this machine")
            session = OnnxSession(inner)
        except Refused:
            raise
        except Exception as error:  # ONNX Runtime names no base of what it raises
            raise Refused(f"model.onnx: ONNX Runtime cannot load it: {str(error)[:500]}") from error
        warm_up(session)
        return session

    def _options(self) -> onnxruntime.SessionOptions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin between requests take the core from the event loop.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return options


def check_providers(providers: Sequence[str]) -> None:
    """Raises `Refused` for one that is not installed here; ONNX Runtime itself would warn, and take the processor."""
    installed = onnxruntime.get_available_providers()
    for provider in providers:
        if provider not in installed:
            raise Refused(f"execution provider {provider} is not installed here; installed: {', '.join(installed)}")


def warm_up(session: OnnxSession) -> None:
    """Run blank rows, so that the first request meets a model that has allocated; raises `Refused` if it cannot run."""
    for rows in _WARM_UP_ROWS:
        try:
            session.run({spec.name: _blank(spec, rows) for spec in session.inputs})
        except InferenceFailed as error:
            raise Refused(f"model.onnx: it does not run on {rows} blank rows: {error}") from error


def _blank(spec: TensorSpec, rows: int) -> Array:
    shape = (rows, *(1 if size < 0 else size for size in spec.shape[1:]))
    return np.full(shape, "" if spec.datatype == "BYTES" else 0, dtype=_NUMPY[spec.datatype])


def _spec(node: onnxruntime.NodeArg) -> TensorSpec:
    if node.type not in _DATATYPES:
        raise Refused(f"model.onnx: {node.name} is a {node.type}; only tensors of the protocol's datatypes are served")
    shape = tuple(size if isinstance(size, int) and size > 0 else -1 for size in node.shape)
    if not shape or shape[0] != -1:
        raise Refused(f"model.onnx: the first dimension of {node.name} must be free (the rows), found {node.shape}")
    return TensorSpec(node.name, _DATATYPES[node.type][0], shape)
