"""What scikit-learn has fitted, built and compared with its own answers."""

import io

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow.parquet
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris, load_linnerud
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import BayesianRidge, LogisticRegression, QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.libraries.scikit_learn import ScikitLearn
from shared.packages import read_package
from shared.packages.signature import PREDICTION, TRAINED
from tests.unit.model_builder.material import built, logistic, tumours


def test_a_pipeline_becomes_a_package_that_answers_as_it_does() -> None:
    made = built(ScikitLearn(logistic()), tumours(), ["benign"])
    signature = read_package(made.files).signature
    assert (signature.task, signature.classes) == ("binary_classification", (0, 1))
    assert signature.input_names == tuple(tumours().columns[:-1])
    session = onnxruntime.InferenceSession(made.files["model.onnx"])
    cells = tumours().drop(columns="benign").to_numpy(np.float32)
    _, probabilities = session.run(None, {"X": cells})
    assert np.allclose(probabilities, logistic().predict_proba(tumours().drop(columns="benign")), atol=1e-4)


def test_the_reference_holds_the_models_own_answers_and_what_it_was_trained_on() -> None:
    rows = tumours().assign(trained=[row < 400 for row in range(len(tumours()))])
    made = built(ScikitLearn(logistic()), rows, ["benign"])
    table = pyarrow.parquet.read_table(io.BytesIO(made.files["reference.parquet"]))
    own = logistic().predict_proba(tumours().drop(columns="benign"))[:, 1]
    assert np.allclose(table[PREDICTION].to_numpy(), own, atol=1e-4)
    assert sum(table[TRAINED].to_pylist()) == 400
    assert made.metrics["rows"] == len(rows) - 400


def test_columns_of_text_and_number_with_nulls_are_inputs_of_their_own() -> None:
    rows = pd.DataFrame({"city": ["A", "B", "Ü", "A"] * 20, "age of it": np.arange(80) * 1.5, "y": [0, 1] * 40})
    rows.loc[3, "age of it"] = np.nan
    encode = ColumnTransformer(
        [("c", OneHotEncoder(handle_unknown="ignore"), ["city"]), ("n", SimpleImputer(), ["age of it"])]
    )
    model = make_pipeline(encode, StandardScaler(), LogisticRegression()).fit(rows.drop(columns="y"), rows["y"])
    signature = built(ScikitLearn(model), rows, groups=("city",)).signature
    city, age = signature.inputs
    assert (city.name, city.datatype, city.kind, city.categories) == ("city", "BYTES", "categorical", ("A", "B", "Ü"))
    assert (age.name, age.tensor, age.nullable) == ("age of it", "age_of_it", True)


def test_thresholds_that_single_precision_moves_are_kept_in_double() -> None:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"x": 1e6 + rng.random(400) / 10, "z": rng.random(400)})
    rows["y"] = (rng.random(400) > 0.5).astype(int)
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=0))
    model = forest.fit(rows[["x", "z"]], rows["y"])
    assert "FP64" in built(ScikitLearn(model), rows).chosen[1]


def test_a_graph_that_answers_otherwise_is_refused_with_its_worst_row(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScikitLearn(logistic())
    own = model.answers
    monkeypatch.setattr(model, "answers", lambda *given: {"probabilities": own(*given)["probabilities"][:, ::-1]})
    with pytest.raises(
        CannotBuild, match=r"probabilities: \d+ of 569 rows differ, row \d+ most: ONNX \[.*the original"
    ):
        built(model, tumours(), ["benign"])


def test_several_targets_have_the_shape_that_comes_out() -> None:
    data = load_linnerud(as_frame=True)
    model = RandomForestRegressor(5, random_state=0).fit(data.data, data.target)
    made = built(ScikitLearn(model), data.frame, list(data.target))
    assert made.signature.watched.shape == (-1, 3)
    assert made.signature.watched.targets == tuple(data.target)


def test_several_labels_become_one_matrix() -> None:
    data = load_linnerud(as_frame=True)
    labels = (data.target > data.target.median()).astype(int)
    model = RandomForestClassifier(5, random_state=0).fit(data.data, labels)
    signature = built(ScikitLearn(model), pd.concat([data.data, labels], axis=1), list(labels)).signature
    assert (signature.task, signature.watched.role, signature.watched.shape) == (
        "multilabel_classification", "probabilities", (-1, 3),
    )  # fmt: skip


def test_species_by_name_are_classes() -> None:
    data = load_iris(as_frame=True)
    rows = data.data.assign(species=data.target_names[data.target])
    model = RandomForestClassifier(5, random_state=0).fit(data.data, rows["species"])
    signature = built(ScikitLearn(model), rows, ["species"]).signature
    assert (signature.task, signature.classes) == ("multiclass_classification", tuple(data.target_names))


def test_a_quantile_is_named_by_its_level() -> None:
    """R006."""
    data = load_diabetes(as_frame=True)
    model = QuantileRegressor(quantile=0.9, alpha=0.01).fit(data.data, data.target)
    signature = built(ScikitLearn(model), data.frame, ["target"]).signature
    assert (signature.task, signature.watched.quantiles) == ("quantile_regression", (0.9,))


def test_a_bayesian_regression_is_a_number_for_each_row() -> None:
    """R006."""
    data = load_diabetes(as_frame=True)
    made = built(ScikitLearn(BayesianRidge().fit(data.data, data.target)), data.frame, ["target"])
    assert (made.signature.task, made.signature.watched.role) == ("regression", "score")


def test_texts_go_in_as_they_are_and_need_no_locale_of_their_own() -> None:
    texts = ["good film, really nice", "bad film: not nice at all", "Great Ärger, loved it", "awful I hated it!"] * 10
    rows = pd.DataFrame({"text": texts, "mood": ["up", "down"] * 20})
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, rows["mood"])
    made = built(ScikitLearn(model), rows, ["mood"])
    assert made.signature.task == "text_classification"
    assert "C.UTF-8" in " ".join(made.chosen)


def test_what_is_no_predictor_is_refused_by_name() -> None:
    with pytest.raises(CannotBuild, match="StandardScaler: it has no predict"):
        ScikitLearn(StandardScaler().fit([[1.0]]))


def test_a_column_too_many_is_named() -> None:
    rows = tumours().assign(day=1.0).rename(columns={"mean area": "area"})
    with pytest.raises(CannotBuild, match="'mean area'"):
        built(ScikitLearn(logistic()), rows, ["benign"])
