"""LightGBM's boosters and its wrappers for scikit-learn, written by onnxmltools."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from function_app.model_builder import table as tables
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Answers, Export, Known
from function_app.model_builder.libraries import frames
from function_app.model_builder.table import Table

_CLASSIFIES = ("binary", "cross_entropy", "multiclass", "multiclassova")


def read(path: Path) -> "LightGbm":
    """What `save_model` wrote; raises `CannotBuild`."""
    import lightgbm

    try:
        return LightGbm(lightgbm.Booster(model_file=str(path)))
    except lightgbm.basic.LightGBMError as error:
        raise CannotBuild(f"{path}: LightGBM cannot load it ({str(error)[:200]})") from error


class LightGbm:
    """`model` is a booster or a wrapper."""

    def __init__(self, model: Any) -> None:
        self._booster = getattr(model, "booster_", model)
        self._classes = tuple(np.asarray(getattr(model, "classes_", ())).tolist())
        text = self._booster.model_to_string(num_iteration=1)
        self._settings = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
        self._objective = self._settings.get("objective", "").split(" ")[0]
        if "\n[categorical_feature: " in text and not text.split("\n[categorical_feature: ")[1].startswith("]"):
            self._refuse_categories()
        self.known = self._known()

    def _refuse_categories(self) -> None:
        if getattr(self._booster, "pandas_categorical", None):
            raise CannotBuild(
                "LightGBM: it was trained on pandas' categorical columns, whose codes lie outside of the trees: encode "
                "them in a pipeline of scikit-learn, or as integers"
            )

    def _known(self) -> Known:
        names = tuple(self._booster.feature_name())
        level = float(self._settings.get("alpha", "0.9").strip("]"))
        return Known(
            f"LightGBM booster ({self._objective})",
            features=() if names and names[0] == "Column_0" else names,
            width=len(names),
            task=self._task(),
            classes=self._classes,
            quantiles=(self._level(level),) if self._objective == "quantile" else (),
            packages=(f"lightgbm=={version('lightgbm')}",),
        )

    def _level(self, default: float) -> float:
        parameters = self._booster.model_to_string().partition("\nparameters:")[2]
        found = [line for line in parameters.splitlines() if line.startswith("[alpha: ")]
        return float(found[0].removeprefix("[alpha: ").rstrip("]")) if found else default

    def _task(self) -> str:
        if self._objective == "quantile":
            return "quantile_regression"
        return "classification" if self._objective in _CLASSIFIES else "regression"

    def answers(self, rows: Table, columns: Sequence[str]) -> Answers:
        found = np.asarray(self._booster.predict(_given(rows, columns)))
        if self._task() != "classification":
            return {"score": found, "quantile": found.reshape(len(found), -1)}
        both = np.stack([1 - found, found], axis=1) if found.ndim == 1 else found
        return {"probabilities": both, "probability": both[:, -1]}

    def exports(self, rows: Table, columns: Sequence[str]) -> Iterator[Export]:
        """Trees are compared in single precision: where a value lies nearer to a threshold, it is told."""
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import DoubleTensorType, FloatTensorType

        for how, kind in (("FP32", FloatTensorType), ("FP64", DoubleTensorType)):
            types = [("X", kind([None, len(columns)]))]
            try:
                model = convert_lightgbm(self._booster, initial_types=types, zipmap=False, target_opset=15)
            except Exception as error:  # converters raise what they like
                raise CannotBuild(f"onnxmltools: {type(error).__name__}: {str(error)[:300]}") from error
            yield Export(f"by onnxmltools {version('onnxmltools')}, {how}", model.SerializeToString())


def _given(rows: Table, columns: Sequence[str]) -> Any:
    for name in columns:
        if not tables.is_number(tables.column(rows, name, "features")):
            raise CannotBuild(f"{name}: a column of numbers is expected")
    return frames.matrix(rows, columns)
