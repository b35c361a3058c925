"""Running a model: columns in, columns out. No runtime's name appears here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from shared.packages import Datatype

type TensorDatatype = Datatype
type Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a model. The first dimension is the row; -1 is a dimension of any size.

    Arrays of BYTES have numpy's `object` dtype and hold `str`. Those of BF16, which numpy has not, are float32: every
    number of it is one of those.
    """

    name: str
    datatype: TensorDatatype
    shape: tuple[int, ...]


class InferenceSession(Protocol):
    """A loaded model. `run` may be called from several threads at once."""

    @property
    def inputs(self) -> Sequence[TensorSpec]: ...

    @property
    def outputs(self) -> Sequence[TensorSpec]: ...

    def run(self, columns: Mapping[str, Array]) -> Sequence[Array]:
        """All outputs in their order. `columns` are contiguous, as `inputs` says. Raises `InferenceFailed`."""
        ...


class InferenceFailed(Exception):
    """The model could not be run on this input; the message is the runtime's."""


class OutputMisdeclared(InferenceFailed):
    """What came out has another shape than was declared, so nobody knows what it means: no other rows cure that."""


class InferenceRuntime(Protocol):
    """All calls block for as long as they take."""

    def optimise(self, model: bytes, data: Mapping[str, bytes]) -> bytes:
        """Check what the model contains, and make it ready to be loaded fast, on any machine of this kind.

        `data` are the other files of its package, which may hold its weights; what comes out holds them itself.
        Raises `Refused` for a model that must not run here.
        """
        ...

    def load_optimised(self, model: bytes) -> InferenceSession:
        """A session of what `optimise` made. Raises `Refused` when it cannot be run."""
        ...

    def load(self, model: bytes, data: Mapping[str, bytes]) -> InferenceSession:
        """A session. Raises `Refused` for a model that must not run here."""
        ...
