"""Does an answer depend on the rows that are run with it? Dynamic quantisation and batch statistics make it so."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.scoring.model.golden import GoldenRows, close, run
from shared.ports.models.inference import Array, InferenceSession, TensorSpec

# As many show it; each alone is a run of its own.
_MOST_ROWS = 32


def dependence(golden: GoldenRows, session: InferenceSession) -> str:
    """What the golden rows show in words, "" when they are answered alone as they are together.

    Raises `Refused` when one of them alone cannot be run.
    """
    for group in golden.groups:
        rows = min(len(group.places), _MOST_ROWS)
        if rows < 2:
            continue
        columns = {name: array[:rows] for name, array in group.columns.items()}
        together, alone = run(session, columns), each_alone(session, columns, rows)
        if said := difference(session.outputs, together, alone):
            return said
    return ""


def each_alone(session: InferenceSession, columns: Mapping[str, Array], rows: int) -> Sequence[Array]:
    """The outputs of all rows, each of which was run alone."""
    parts = [run(session, {name: array[row : row + 1] for name, array in columns.items()}) for row in range(rows)]
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def difference(outputs: Sequence[TensorSpec], together: Sequence[Array], alone: Sequence[Array]) -> str:
    """The first cell that differs beyond tolerance, in words; "" without one."""
    for spec, one, other in zip(outputs, together, alone, strict=True):
        found, wanted = one.reshape(len(one), -1), other.reshape(len(other), -1)
        agrees = close(spec, found, wanted)
        if not agrees.all():
            row, column = np.argwhere(~agrees)[0]
            return (
                f"output {spec.name} of golden row {row} is {found[row, column]} among {len(one)} rows and "
                f"{wanted[row, column]} alone: answers depend on the rows of the same request, as dynamic quantisation "
                f"and batch statistics make them; requests are not joined. Quantise with fixed scales, or export in "
                f"evaluation mode, to be rid of it"
            )
    return ""
