"""What every model of these stories says it was trained on: staging keeps it, instances count by its bins."""

from shared.events import PackageRef
from shared.profiles import NumericReference, Reference

_ROWS = 5000


def reference(package: PackageRef) -> Reference:
    """One feature and the prediction, both even over 0 to 1."""
    cells = [row / _ROWS for row in range(_ROWS)]
    return Reference.build(
        {"distance": cells},
        {"distance": "numeric"},
        prediction=("probability", cells),
        labels=None,
        package=package.digest,
    )


def as_predicted_in_training(package: PackageRef) -> tuple[int, ...]:
    """The training rows by bucket of the prediction."""
    known = reference(package)
    column = known.columns[known.prediction]
    assert isinstance(column, NumericReference)
    return tuple(column.buckets(column.own))
