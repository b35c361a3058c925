"""CatBoost's models, which it writes as ONNX itself where no column is a category."""

import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Answers, Export, Known
from function_app.model_builder.libraries import frames
from function_app.model_builder.table import Table


def read(path: Path) -> "CatBoost":
    """A `.cbm` or `.json` file of `save_model`; raises `CannotBuild`."""
    import catboost

    model = catboost.CatBoost()
    try:
        model.load_model(str(path), format="json" if path.suffix == ".json" else "cbm")
    except catboost.CatBoostError as error:
        raise CannotBuild(f"{path}: CatBoost cannot load it ({str(error)[:200]})") from error
    return CatBoost(model)


class CatBoost:
    def __init__(self, model: Any) -> None:
        self._model = model
        if model.get_cat_feature_indices() or model.get_text_feature_indices():
            raise CannotBuild(
                "CatBoost: it has columns that are categories or texts, which it cannot write as ONNX: encode them in "
                "a pipeline of scikit-learn, or train on numbers"
            )
        names = tuple(model.feature_names_)
        classes = [each.item() if hasattr(each, "item") else each for each in model.classes_]
        self._classifies = len(classes) > 1
        self._loss = str(model.get_all_params().get("loss_function", "")) if model.is_fitted() else ""
        levels = self._quantiles()
        self.known = Known(
            f"CatBoost ({self._loss or 'loss not said'})",
            features=() if names and names[0] == "0" else names,
            width=len(names),
            task="classification" if self._classifies else "quantile_regression" if levels else "regression",
            classes=tuple(each if isinstance(each, str) else int(each) for each in classes),
            quantiles=levels,
            packages=(f"catboost=={version('catboost')}",),
        )

    def _quantiles(self) -> tuple[float, ...]:
        if self._loss.startswith("Quantile:alpha="):
            return (float(self._loss.removeprefix("Quantile:alpha=").split(";")[0]),)
        return (0.5,) if self._loss == "Quantile" else ()

    def answers(self, rows: Table, columns: Sequence[str]) -> Answers:
        given = frames.matrix(rows, columns, np.float32)
        if not self._classifies:
            found = np.asarray(self._model.predict(given))
            return {"score": found, "quantile": found.reshape(len(found), -1)}
        both = np.asarray(self._model.predict(given, prediction_type="Probability"))
        label = np.asarray(self._model.predict(given, prediction_type="Class")).reshape(-1)
        return {"probabilities": both, "probability": both[:, -1], "label": label}

    def exports(self, rows: Table, columns: Sequence[str]) -> Iterator[Export]:
        import catboost

        with tempfile.TemporaryDirectory(prefix="sluice-catboost-") as folder:
            path = Path(folder) / "model.onnx"
            try:
                self._model.save_model(str(path), format="onnx")
            except catboost.CatBoostError as error:
                raise CannotBuild(f"CatBoost cannot write it as ONNX: {str(error)[:300]}") from error
            body = path.read_bytes()
        yield Export(f"by CatBoost {version('catboost')} itself, FP32", body)
