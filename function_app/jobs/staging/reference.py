"""What `reference.parquet` says is looked at before anything is measured by it: monitoring will be, too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.jobs.staging.results import at_most, failed, inconclusive, passed
from function_app.jobs.staging.subject import Subject
from shared.events import CheckResult
from shared.packages import PREDICTION, TRAINED, Signature, SuiteLimits
from shared.tasks.truth import is_null

_FILE = "reference.parquet"


def check_reference(subject: Subject, limits: SuiteLimits) -> list[CheckResult]:
    """Labels, the prediction column, and which rows the model was trained on."""
    signature = subject.package.signature
    return [
        check_labels(signature, subject.reference.labels),
        _check_prediction(subject, limits),
        *_check_trained(subject.reference.columns.get(TRAINED)),
    ]


def check_labels(signature: Signature, labels: Sequence[Any]) -> CheckResult:
    """Each is a truth of the task."""
    name, about = "reference.labels", signature.about()
    wrong = [row for row, cell in enumerate(labels) if signature.task_kind.truth(cell, about) is None]
    if wrong:
        row, column = wrong[0], ", ".join(signature.labels)
        cell = "null" if is_null(labels[row]) else repr(labels[row])[:100]
        wanted = signature.task_kind.label_words + (f" ({_few(about.classes)})" if about.classes else "")
        repair = "leave these rows out" if is_null(labels[row]) else "spell labels so, or name them in `classes`"
        found = f"{len(wrong)} of {len(labels)} labels are none of {signature.task}: row {row} has {cell}"
        return failed(name, f"{_FILE}, {column}: {found}, expected is {wanted}; {repair}")
    return passed(name, f"{len(labels)} labels as they should be")


def _few(classes: Sequence[str | int]) -> str:
    more = ", ..." if len(classes) > 10 else ""
    return ", ".join(map(str, classes[:10])) + more


def _check_prediction(subject: Subject, limits: SuiteLimits) -> CheckResult:
    """The column holds what the model answers to these very rows, and not what something else did."""
    name, signature, part = "reference.prediction", subject.package.signature, subject.reference
    answered = signature.watch(part.outputs)
    said = part.columns[PREDICTION]
    try:
        apart = _apart(answered, said)
    except (TypeError, ValueError) as error:
        kind = "a number" if signature.watched_kind == "numeric" else "the name of a class"
        return failed(name, f"{_FILE}, {PREDICTION}: {kind} in each row is expected: {error}")
    row = int(apart.argmax())
    wrong = (
        f"{_FILE}, {PREDICTION}: row {row} has {said[row]!r}, the model answers {answered[row]!r} "
        f"({int((apart > limits.golden_tolerance).sum())} of {len(apart)} rows differ); "
        f"write what model.onnx gives as {signature.prediction!r}"
    )
    return at_most(
        name, float(apart[row]), limits.golden_tolerance, f"{len(apart)} rows hold the model's own answer", wrong=wrong
    )


def _apart(answered: NDArray[Any], said: Sequence[Any]) -> NDArray[np.float64]:
    """For each row: of numbers the distance, as a share of what is larger than 1; of names whether they differ."""
    if answered.dtype.kind == "O":
        pairs = zip(answered.tolist(), said, strict=True)
        return np.array([0.0 if str(one) == str(other) else 1.0 for one, other in pairs])
    if any(is_null(each) for each in said):
        raise ValueError(f"row {next(row for row, each in enumerate(said) if is_null(each))} is null")
    wanted = np.array(said, dtype=np.float64)
    found = np.abs(answered.astype(np.float64) - wanted) / np.maximum(1.0, np.abs(wanted))
    return np.where(np.isfinite(found), found, 1e308)


def _check_trained(trained: Sequence[Any] | None) -> list[CheckResult]:
    """Nothing to check where the column is not there: then all rows count alike."""
    name = "reference.trained"
    if trained is None:
        return []
    strange = [row for row, cell in enumerate(trained) if cell not in (True, False)]
    if strange:
        found = trained[strange[0]]
        return [failed(name, f"{_FILE}, {TRAINED}: row {strange[0]} has {found!r}, true or false is expected")]
    unseen = sum(1 for cell in trained if not cell)
    if not unseen:
        return [
            inconclusive(
                name,
                f"{_FILE}, {TRAINED}: the model was trained on every row, some it has not seen are expected: what it "
                "answers to its own training rows says little; add rows that were held out",
            )
        ]
    return [passed(name, f"{unseen} of {len(trained)} rows were not trained on")]


def unseen_rows(subject: Subject) -> NDArray[np.intp]:
    """Rows of the reference that the model was not trained on; all where nothing is said of it."""
    trained = subject.reference.columns.get(TRAINED)
    if trained is None:
        return np.arange(len(subject.reference))
    found = np.flatnonzero(~np.array(trained, dtype=bool))
    return found if len(found) else np.arange(len(subject.reference))
