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

    Arrays of BYTES have numpy's `object` dtype and hold `str`.
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


class InferenceRuntime(Protocol):
    """Both calls block for as long as they take."""

    def optimise(self, model: bytes) -> bytes:
        """Check what the model contains, and make it ready to be loaded fast, on any machine of this kind.

        Raises `Refused` for a model that must not run here.
        """
        ...

    def load_optimised(self, model: bytes) -> InferenceSession:
        """A warm session of what `optimise` made. Raises `Refused` when it cannot be run."""
        ...

    def load(self, model: bytes) -> InferenceSession:
        """A warm session. Raises `Refused` for a model that must not run here."""
        ...
