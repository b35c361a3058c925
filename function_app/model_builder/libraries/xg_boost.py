"""XGBoost's boosters and its wrappers for scikit-learn, written by onnxmltools."""

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Answers, Export, Known
from function_app.model_builder.libraries import frames
from function_app.model_builder.table import Table


def read(path: Path) -> "XgBoost":
    """What `save_model` wrote; raises `CannotBuild`."""
    import xgboost

    booster = xgboost.Booster()
    try:
        booster.load_model(str(path))
    except xgboost.core.XGBoostError as error:
        raise CannotBuild(f"{path}: XGBoost cannot load it ({str(error).splitlines()[0][:200]})") from error
    return XgBoost(booster)


class XgBoost:
    """`model` is a booster or a wrapper."""

    def __init__(self, model: Any) -> None:
        self._booster = model.get_booster() if hasattr(model, "get_booster") else model
        self._classes = tuple(np.asarray(getattr(model, "classes_", ())).tolist())
        learner = json.loads(self._booster.save_config())["learner"]
        self._objective = learner["objective"]["name"]
        self._width = int(learner["learner_model_param"]["num_feature"])
        levels = learner["objective"].get("quantile_loss_param", {}).get("quantile_alpha", "[]")
        self._levels = tuple(float(each) for each in str(levels).strip("[]()").split(",") if each.strip())
        self.known = Known(
            f"XGBoost booster ({self._objective})",
            features=tuple(self._booster.feature_names or ()),
            width=self._width,
            task=self._task(),
            classes=self._classes,
            quantiles=self._levels if self._task() == "quantile_regression" else (),
            packages=(f"xgboost=={version(_distribution())}",),
        )

    def _task(self) -> str:
        if self._objective.startswith("reg:quantile"):
            return "quantile_regression"
        return "classification" if self._objective.startswith(("binary:", "multi:")) else "regression"

    def answers(self, rows: Table, columns: Sequence[str]) -> Answers:
        import xgboost

        given = frames.matrix(rows, columns, np.float32)
        names = self._booster.feature_names
        found = np.asarray(self._booster.predict(xgboost.DMatrix(given, feature_names=names)))
        if self._task() != "classification":
            return {"score": found, "quantile": found.reshape(len(found), -1)}
        if self._objective == "multi:softmax":
            return {"label": found.astype(int)}
        both = np.stack([1 - found, found], axis=1) if found.ndim == 1 else found
        return {"probabilities": both, "probability": both[:, -1]}

    def exports(self, rows: Table, columns: Sequence[str]) -> Iterator[Export]:
        from onnxmltools import convert_xgboost
        from onnxmltools.convert.common.data_types import FloatTensorType

        try:
            model = convert_xgboost(self._plain(), initial_types=[("X", FloatTensorType([None, len(columns)]))])
        except Exception as error:  # converters raise what they like
            raise CannotBuild(f"onnxmltools: {type(error).__name__}: {str(error)[:300]}") from error
        yield Export(f"by onnxmltools {version('onnxmltools')}, FP32", model.SerializeToString())

    def _plain(self) -> Any:
        """A copy whose columns are numbered: the converter knows no names."""
        import xgboost

        copy = xgboost.Booster()
        copy.load_model(self._booster.save_raw("ubj"))
        copy.feature_names = None
        copy.feature_types = None
        return copy


def _distribution() -> str:
    """It is sold under two names."""
    from importlib.metadata import packages_distributions

    return packages_distributions()["xgboost"][0]
