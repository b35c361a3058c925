"""Answers with a class for each place of a row: pixels of a picture, tokens of a text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.tasks.columns import mask_classes
from shared.tasks.measuring.confusion import f1_of
from shared.tasks.measuring.measured import Floats, Measured, Rate, Whole
from shared.tasks.task import About, Answers, Role
from shared.tasks.truth import spelling, spellings


def pixels(answers: Answers) -> Measured:
    """`mean_iou` of a picture is the mean over the classes that are in it or were found in it."""
    found = [_places(one) for one in mask_classes(answers.outputs["mask"])]
    pairs = [_known(was, one, answers.about) for was, one in zip(answers.truth, found, strict=True)]
    right = np.array([_share(was == one) for was, one in pairs])
    overlap = np.array([_mean_iou(was, one) for was, one in pairs])
    return _measured(right, {"mean_iou": overlap, "pixel_accuracy": right}, {})


def tokens(answers: Answers) -> Measured:
    """Places without a label do not count. `macro_f1` is over tags, `accuracy` over the tokens of each text."""
    chosen = token_classes(answers.outputs, answers.about)
    pairs = [_known(was, one, None) for was, one in zip(answers.truth, chosen, strict=True)]
    right = np.array([_share(was == one) for was, one in pairs])
    return _measured(right, {"accuracy": right}, {"macro_f1": _f1(pairs)} if pairs else {})


def token_classes(outputs: Mapping[Role, NDArray[Any]], about: About) -> list[NDArray[Any]]:
    if "tokens" in outputs:
        return [_places(row) for row in outputs["tokens"]]
    given = outputs["probabilities"]
    names = np.array(spellings(about) or tuple(map(str, range(given.shape[-1]))), dtype=object)
    return list(names[given.argmax(axis=-1)])


def _places(row: NDArray[Any]) -> NDArray[Any]:
    return np.array([spelling(cell) for cell in row.reshape(-1).tolist()], dtype=object)


def _known(was: Sequence[str], found: NDArray[Any], about: About | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both where there is a label. Raises `ValueError` for a truth that is longer than the answer.

    With `about`, what was found are the places of classes.
    """
    truth = np.array(was, dtype=object)
    if len(truth) > len(found):
        raise ValueError(f"a label with {len(truth)} places for an answer with {len(found)}")
    named = _named(found, about) if about is not None else found
    kept = truth != ""
    return truth[kept], named[: len(truth)][kept]


def _named(found: NDArray[Any], about: About) -> NDArray[Any]:
    """Masks hold places of classes, whose truth may be spelt out."""
    names = {str(at): name for at, name in enumerate(spellings(about))}
    return np.array([names.get(each, each) for each in found], dtype=object)


def _share(right: NDArray[Any]) -> float:
    return float(np.mean(right)) if len(right) else float("nan")


def _mean_iou(was: NDArray[Any], found: NDArray[Any]) -> float:
    names, places = np.unique(np.concatenate([was, found]).astype(str), return_inverse=True)
    if not len(names):
        return float("nan")
    f1 = f1_of(places[: len(was)], places[len(was) :], len(names))
    return float(np.mean(f1 / (2 - f1)))


def _f1(pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> Whole:
    was, found = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    names, places = np.unique(np.concatenate([was, found]).astype(str), return_inverse=True)
    ends = np.cumsum([len(pair[0]) for pair in pairs])
    whose = np.repeat(np.arange(len(pairs)), np.diff(ends, prepend=0))
    cell = places[: len(was)] * len(names) + places[len(was) :]

    def of(rows: NDArray[np.intp]) -> float:
        weights = np.bincount(rows, minlength=len(pairs))[whose]
        table = np.bincount(cell, weights, len(names) ** 2).reshape(len(names), len(names))
        said = table.sum(axis=0) + table.sum(axis=1)
        return float(np.mean(2 * table.diagonal()[said > 0] / said[said > 0])) if (said > 0).any() else float("nan")

    return Whole(of, len(pairs))


def _measured(right: Floats, per_row: Mapping[str, Floats], whole: Mapping[str, Whole]) -> Measured:
    counted = ~np.isnan(right)
    errors = Rate("error_rate", np.nan_to_num(1 - right)[:, None], ("errors",), counted)
    return Measured(len(right), per_row, whole, {"error_rate": errors}) if len(right) else Measured(0)
