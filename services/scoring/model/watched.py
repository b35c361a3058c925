"""What of a model's answers is kept beside its rows: its outputs, and the one column that monitoring measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.packages import Signature
from shared.ports.models.inference import Array, TensorDatatype, TensorSpec


@dataclass(frozen=True, slots=True)
class Watch:
    """`specs` say what `kept` gives, with the watched column at `place`.

    It takes the place of the output that it is made of where that has one value for each row, or else stands last.
    """

    signature: Signature
    outputs: tuple[TensorSpec, ...]
    specs: tuple[TensorSpec, ...]
    place: int
    is_output: bool  # the watched output itself is that column

    @classmethod
    def of(cls, signature: Signature, outputs: Sequence[TensorSpec]) -> "Watch":
        watched, place = signature.watched, [spec.name for spec in outputs].index(signature.prediction)
        has_one = outputs[place].shape[1:] in ((), (1,))
        is_output = has_one and watched.role in ("probability", "score")
        datatype: TensorDatatype = "BYTES" if signature.watched_kind == "categorical" else "FP64"
        column = outputs[place] if is_output else TensorSpec(signature.prediction, datatype, (-1,))
        before, after = outputs[:place], outputs[place + 1 :]
        if has_one:
            return cls(signature, tuple(outputs), (*before, column, *after), place, is_output)
        return cls(signature, tuple(outputs), (*outputs, column), len(outputs), is_output)

    def kept(self, outputs: Sequence[Array]) -> Sequence[Array]:
        """`outputs` are the model's, for the rows of one run or of many."""
        if self.is_output:
            return outputs
        column = self.signature.watch(self._named(outputs))
        return [*outputs[: self.place], column, *outputs[self.place + 1 :]]

    def _named(self, outputs: Sequence[Array]) -> Mapping[str, Array]:
        return {spec.name: array for spec, array in zip(self.outputs, outputs, strict=True)}
