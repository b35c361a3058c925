"""`python originals.py FOLDER`: fits models on data that scikit-learn ships, and saves each in its own safe format.

Run by the Python that has the libraries; it knows nothing of Sluice. `originals.json` lists what was written.
"""

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import skops.io
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_linnerud, load_wine
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.ensemble import RandomForestRegressor as Forest
from sklearn.linear_model import BayesianRidge, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

type Data = tuple[pd.DataFrame, list[str]]


def iris() -> Data:
    frame = load_iris(as_frame=True).frame
    return frame.assign(target=frame["target"].map(dict(enumerate(["setosa", "versicolor", "virginica"])))), ["target"]


def wine() -> Data:
    return load_wine(as_frame=True).frame, ["target"]


def tumours() -> Data:
    return load_breast_cancer(as_frame=True).frame, ["target"]


def diabetes() -> Data:
    frame = load_diabetes(as_frame=True).frame
    return frame.assign(sex=np.where(frame["sex"] > 0, "f", "m")), ["target"]


def diabetes_in_numbers() -> Data:
    frame, label = diabetes()
    return frame.drop(columns="sex"), label


def digits() -> Data:
    return load_digits(as_frame=True).frame, ["target"]


def exercises() -> Data:
    """Three targets."""
    found = load_linnerud(as_frame=True)
    return found.frame, list(found.target.columns)


def mixed() -> ColumnTransformer:
    texts = ("texts", OneHotEncoder(handle_unknown="ignore"), ["sex"])
    return ColumnTransformer([texts, ("numbers", StandardScaler(), ["age", "bmi", "bp", "s1", "s5"])])


# By name: the data, and the estimator of scikit-learn.
SCIKIT_LEARN: Mapping[str, tuple[Callable[[], Data], Any]] = {
    "logistic, texts as classes": (iris, make_pipeline(StandardScaler(), LogisticRegression())),
    "naive Bayes": (iris, GaussianNB()),
    "nearest neighbours": (wine, make_pipeline(StandardScaler(), KNeighborsClassifier())),
    "random forest": (tumours, RandomForestClassifier(20, random_state=0)),
    "extra trees": (wine, ExtraTreesClassifier(20, random_state=0)),
    "support vectors with probabilities": (tumours, make_pipeline(StandardScaler(), SVC(probability=True))),
    "multi-layer perceptron on digits": (digits, MLPClassifier((32,), max_iter=200, random_state=0)),
    "linear regression": (diabetes_in_numbers, LinearRegression()),
    "lasso on texts and numbers": (diabetes, make_pipeline(mixed(), Lasso(0.1))),
    "polynomial regression": (diabetes_in_numbers, make_pipeline(PolynomialFeatures(2), Ridge(1.0))),
    "Bayesian regression": (diabetes_in_numbers, BayesianRidge()),
    "regression tree": (diabetes_in_numbers, DecisionTreeRegressor(max_depth=5, random_state=0)),
    "gradient boosting": (diabetes_in_numbers, GradientBoostingRegressor(n_estimators=30, random_state=0)),
    "forest of three targets": (exercises, Forest(20, random_state=0)),
}


def seen(frame: pd.DataFrame) -> pd.DataFrame:
    """Three rows of four are trained on."""
    rows: pd.DataFrame = frame[np.arange(len(frame)) % 4 != 0]
    return rows


def unseen(frame: pd.DataFrame) -> pd.DataFrame:
    rows: pd.DataFrame = frame[np.arange(len(frame)) % 4 == 0]
    return rows


def main(folder: Path) -> None:
    warnings.filterwarnings("ignore")
    made = [*_of_scikit_learn(folder), *_of_lightgbm(folder), *_of_xgboost(folder), *_of_catboost(folder)]
    (folder / "originals.json").write_text(json.dumps(made))


def _of_scikit_learn(folder: Path) -> Iterator[dict[str, Any]]:
    for number, (name, (data, estimator)) in enumerate(SCIKIT_LEARN.items()):
        frame, labels = data()
        known = seen(frame)
        truth = known[labels] if len(labels) > 1 else known[labels[0]]
        skops.io.dump(estimator.fit(known.drop(columns=labels), truth), folder / f"{number}.skops")
        yield _entry(folder, f"scikit-learn: {name}", f"{number}.skops", frame, labels)


def _of_lightgbm(folder: Path) -> Iterator[dict[str, Any]]:
    for name, data, objective in (
        ("binary", tumours, {"objective": "binary"}),
        ("multiclass", wine, {"objective": "multiclass", "num_class": 3}),
        ("regression", diabetes_in_numbers, {"objective": "regression"}),
    ):
        frame, labels = data()
        known = seen(frame)
        rows = lightgbm.Dataset(known.drop(columns=labels), known[labels[0]])
        lightgbm.train({**objective, "verbose": -1, "num_threads": 1}, rows, 20).save_model(folder / f"{name}.txt")
        yield _entry(folder, f"LightGBM: {name}", f"{name}.txt", frame, labels)


def _of_xgboost(folder: Path) -> Iterator[dict[str, Any]]:
    for name, data, estimator, ending in (
        ("binary", tumours, xgboost.XGBClassifier(n_estimators=20), "json"),
        ("multiclass", wine, xgboost.XGBClassifier(n_estimators=20), "ubj"),
        ("regression", diabetes_in_numbers, xgboost.XGBRegressor(n_estimators=20), "json"),
    ):
        frame, labels = data()
        known = seen(frame)
        estimator.fit(known.drop(columns=labels), known[labels[0]]).save_model(folder / f"x-{name}.{ending}")
        yield _entry(folder, f"XGBoost: {name}", f"x-{name}.{ending}", frame, labels)


def _of_catboost(folder: Path) -> Iterator[dict[str, Any]]:
    options = {"iterations": 30, "verbose": 0, "allow_writing_files": False}
    for name, data, estimator in (
        ("binary", tumours, catboost.CatBoostClassifier(**options)),
        ("multiclass", iris, catboost.CatBoostClassifier(**options)),
        ("regression", diabetes_in_numbers, catboost.CatBoostRegressor(**options)),
    ):
        frame, labels = data()
        known = seen(frame)
        estimator.fit(known.drop(columns=labels), known[labels[0]]).save_model(folder / f"{name}.cbm")
        yield _entry(folder, f"CatBoost: {name}", f"{name}.cbm", frame, labels)


def _entry(folder: Path, name: str, model: str, frame: pd.DataFrame, labels: list[str]) -> dict[str, Any]:
    seen(frame).to_parquet(folder / f"{model}.seen.parquet")
    unseen(frame).to_parquet(folder / f"{model}.unseen.parquet")
    return {"name": name, "model": model, "labels": labels}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
