"""Fitted estimators and pipelines of scikit-learn, written by skl2onnx."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from function_app.model_builder import table as tables
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Answers, Export, Known
from function_app.model_builder.libraries import frames
from function_app.model_builder.table import Table

# skl2onnx writes by default the newest its own tests have met; this is what it knows well.
_OPSETS = {"": 21, "ai.onnx.ml": 3}
# scikit-learn's default pattern of a word, (?u)\b\w\w+\b, as the regular expressions of ONNX Runtime have it.
_WORDS = r"[\p{L}\p{N}\p{M}_][\p{L}\p{N}\p{M}_]+"


class ScikitLearn:
    """`features` are the columns by the person who knows, where the estimator was fitted on arrays."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self.known = _known(estimator)

    def answers(self, rows: Table, columns: Sequence[str]) -> Answers:
        """Raises `CannotBuild` for rows that it does not take."""
        given = self._given(rows, columns)
        try:
            predicted = np.asarray(self._estimator.predict(given))
            probabilities = _probabilities(self._estimator, given)
        except Exception as error:  # an estimator raises what it likes
            raise CannotBuild(
                f"the model does not take the data: {type(error).__name__}: {str(error)[:300]}"
            ) from error
        if not self._is_classifier:
            return {"score": predicted, "quantile": predicted.reshape(len(predicted), -1)}
        if probabilities is None:
            return {"label": predicted}
        found: dict[Any, NDArray[Any]] = {"label": predicted, "probabilities": probabilities}
        if probabilities.ndim == 2 and probabilities.shape[1] == 2:
            found["probability"] = probabilities[:, 1]
        return found

    def exports(self, rows: Table, columns: Sequence[str]) -> Iterator[Export]:
        """In single precision, which is fast and small; in double where that answers otherwise."""
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

        problems = []
        for how, kind in (("FP32", FloatTensorType), ("FP64", DoubleTensorType)):
            try:
                body = self._convert(kind, rows, columns)
            except CannotBuild as error:
                problems.append(error)
                continue
            yield Export(f"by skl2onnx {version('skl2onnx')}, {how}", body)
        if len(problems) == 2:
            raise problems[0]

    def _convert(self, number: Any, rows: Table, columns: Sequence[str]) -> bytes:
        from skl2onnx import to_onnx

        options = {"zipmap": False} if self._is_classifier else None
        types = self._initial_types(number, rows, columns)
        for chosen in (options, None) if options else (None,):
            try:
                model = to_onnx(
                    self._estimator, initial_types=types, options=self._options(chosen), target_opset=_OPSETS
                )
                body: bytes = model.SerializeToString()
                return body
            except Exception as error:  # noqa: BLE001 - converters raise what they like
                problem = error
        raise CannotBuild(f"skl2onnx: {type(problem).__name__}: {str(problem)[:300]}") from problem

    def _options(self, chosen: Any) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

        words = (
            {each: {"tokenexp": _WORDS} for each in (CountVectorizer, TfidfVectorizer)} if self.known.is_text else {}
        )
        return {**words, id(self._last): chosen} if chosen else words or None

    @property
    def _last(self) -> Any:
        return self._estimator.steps[-1][1] if hasattr(self._estimator, "steps") else self._estimator

    @property
    def _is_classifier(self) -> bool:
        return hasattr(self._estimator, "classes_") or hasattr(self._last, "predict_proba")

    def _initial_types(self, number: Any, rows: Table, columns: Sequence[str]) -> Any:
        from skl2onnx.common.data_types import StringTensorType

        if self.known.is_text:
            return [(columns[0], StringTensorType([None, 1]))]
        if frames.all_numbers(rows, columns) and not _chooses_columns(self._estimator):
            return [("X", number([None, len(columns)]))]
        return [
            (
                name,
                StringTensorType([None, 1])
                if tables.is_text(tables.column(rows, name, "features"))
                else number([None, 1]),
            )
            for name in columns
        ]

    def _given(self, rows: Table, columns: Sequence[str]) -> Any:
        if self.known.is_text:
            if len(columns) != 1:
                raise CannotBuild(f"features: one column of texts is expected, found {', '.join(columns)}: name it")
            return frames.texts(rows, columns[0])
        if hasattr(self._estimator, "feature_names_in_") or not frames.all_numbers(rows, columns):
            return frames.frame(rows, columns)
        return frames.matrix(rows, columns)


def _known(estimator: Any) -> Known:
    from sklearn.base import is_classifier, is_regressor

    called = f"scikit-learn {type(estimator).__name__}"
    if not hasattr(estimator, "predict"):
        raise CannotBuild(f"{called}: it has no predict: a fitted classifier, regressor or pipeline is expected")
    if not (is_classifier(estimator) or is_regressor(estimator)):
        raise CannotBuild(f"{called}: it is neither a classifier nor a regressor")
    steps = [each for _, each in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    is_text = not hasattr(estimator, "feature_names_in_") and _vectorises(steps[0])
    return Known(
        called,
        features=tuple(map(str, getattr(estimator, "feature_names_in_", ()))),
        width=0 if is_text else int(getattr(estimator, "n_features_in_", 0)),
        task=_task(estimator, steps[-1]) if is_regressor(estimator) else "classification",
        classes=_classes(estimator),
        quantiles=_quantiles(steps[-1]),
        is_text=is_text,
        packages=(f"scikit-learn=={version('scikit-learn')}",),
    )


def _task(estimator: Any, last: Any) -> str:
    return "quantile_regression" if _quantiles(last) else ""


def _quantiles(last: Any) -> tuple[float, ...]:
    if type(last).__name__ == "QuantileRegressor":
        return (float(last.quantile),)
    if getattr(last, "loss", "") == "quantile":
        level = getattr(last, "quantile", None)
        return (float(last.alpha if level is None else level),)
    return ()


def _classes(estimator: Any) -> tuple[str | int, ...]:
    found = getattr(estimator, "classes_", None)
    if found is None or (isinstance(found, list) and any(len(each) != 2 for each in found)):
        return ()
    if isinstance(found, list) or getattr(found, "ndim", 1) != 1:
        return ()
    plain = [each.item() if hasattr(each, "item") else each for each in found]
    return tuple(each if isinstance(each, str) else int(each) for each in plain)


def _vectorises(step: Any) -> bool:
    return hasattr(step, "build_analyzer") or any(
        hasattr(each, "build_analyzer") for _, each in getattr(step, "transformer_list", ())
    )


def _chooses_columns(estimator: Any) -> bool:
    """By name: then each column is an input of its own."""
    from sklearn.compose import ColumnTransformer

    parts = [estimator, *(each for _, each in getattr(estimator, "steps", ()))]
    return any(isinstance(each, ColumnTransformer) for each in parts)


def _probabilities(estimator: Any, given: Any) -> NDArray[Any] | None:
    if not hasattr(estimator, "predict_proba"):
        return None
    found = estimator.predict_proba(given)
    if isinstance(found, list):  # one matrix for each label
        return np.stack([np.asarray(each)[:, -1] for each in found], axis=1)
    return np.asarray(found)
