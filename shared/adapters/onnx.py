"""The inference port on ONNX Runtime: loads a graph that was checked."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import onnxruntime

from shared.adapters import bfloat16
from shared.adapters.onnx_graph import check_graph
from shared.ports.errors import Refused
from shared.ports.models.inference import Array, InferenceFailed, TensorDatatype, TensorSpec

# What a graph may grow by when its constants are worked out beforehand: a kilobyte may ask for gigabytes.
MOST_GROWTH = 256 << 20
_DATATYPES: Mapping[str, TensorDatatype] = {
    "tensor(bool)": "BOOL",
    "tensor(int8)": "INT8",
    "tensor(int16)": "INT16",
    "tensor(int32)": "INT32",
    "tensor(int64)": "INT64",
    "tensor(uint8)": "UINT8",
    "tensor(uint16)": "UINT16",
    "tensor(uint32)": "UINT32",
    "tensor(uint64)": "UINT64",
    "tensor(float16)": "FP16",
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(string)": "BYTES",
}
_NONE: Mapping[str, bytes] = {}


class OnnxSession:
    """One model in memory. Outputs that are no tensors (lists, maps) are not asked for."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        outputs = [each for each in session.get_outputs() if each.type in _DATATYPES]
        self.inputs = tuple(map(_spec, session.get_inputs()))
        self.outputs = tuple(map(_spec, outputs))
        self._names = [each.name for each in outputs]
        self._inner = {spec.name: bfloat16.INNER + spec.name for spec in self.inputs if spec.datatype == "BF16"}
        # The wrapper's `run` costs a tenth of a small model's time: it checks names that the caller has checked.
        self._run = session._sess.run

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        if self._inner:
            columns = {self._inner.get(name, name): array for name, array in columns.items()}
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

    def optimise(self, model: bytes, data: Mapping[str, bytes] = _NONE) -> bytes:
        """Fusions that hold for every processor; what suits this one is done when it is loaded."""
        checked = bfloat16.at_the_edges(check_graph(model, data.keys()), model)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            options = self._options()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
            options.optimized_model_filepath = str(path)
            _created(checked, options, ["CPUExecutionProvider"], data)
            most = sum(map(len, (model, *data.values()))) + MOST_GROWTH
            if path.stat().st_size > most:
                raise Refused(
                    f"model.onnx: it comes to {path.stat().st_size} bytes with its constants, more than {most}"
                )
            return path.read_bytes()

    def load(self, model: bytes, data: Mapping[str, bytes] = _NONE) -> OnnxSession:
        return self._loaded(bfloat16.at_the_edges(check_graph(model, data.keys()), model), data)

    def load_optimised(self, model: bytes) -> OnnxSession:
        """Not checked again: what `optimise` wrote contains operators that nobody else may bring."""
        return self._loaded(model, _NONE)

    def _loaded(self, model: bytes, data: Mapping[str, bytes]) -> OnnxSession:
        session = _created(model, self._options(), self._providers, data)
        if session.get_providers()[0] != self._providers[0]:
            raise Refused(f"model.onnx: {self._providers[0]} is installed, but does not start on this machine")
        return OnnxSession(session)

    def _options(self) -> onnxruntime.SessionOptions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin between requests take the core from the event loop.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(MOST_GROWTH))
        return options


def _created(
    model: bytes, options: onnxruntime.SessionOptions, providers: list[str], data: Mapping[str, bytes]
) -> onnxruntime.InferenceSession:
    """Raises `Refused` with the runtime's words, which name operator and node."""
    if data:
        sizes = [len(body) for body in data.values()]
        options.add_external_initializers_from_files_in_memory(list(data), list(data.values()), sizes)
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # ONNX Runtime names no base of what it raises
        raise Refused(f"model.onnx: ONNX Runtime cannot load it: {str(error)[:500]}") from error


def check_providers(providers: Sequence[str]) -> None:
    """Raises `Refused` for one that is not installed here; ONNX Runtime itself would warn, and take the processor."""
    installed = onnxruntime.get_available_providers()
    for provider in providers:
        if provider not in installed:
            raise Refused(f"execution provider {provider} is not installed here; installed: {', '.join(installed)}")


def _spec(node: onnxruntime.NodeArg) -> TensorSpec:
    """As the graph declares it; a shape of which it says nothing is one of no dimension."""
    if node.type not in _DATATYPES:
        raise Refused(f"model.onnx: {node.name} is a {node.type}; only tensors of the protocol's datatypes are served")
    shape = tuple(size if isinstance(size, int) and size > 0 else -1 for size in node.shape)
    if node.name.startswith(bfloat16.INNER):
        return TensorSpec(node.name.removeprefix(bfloat16.INNER), "BF16", shape)
    return TensorSpec(node.name, _DATATYPES[node.type], shape)
