"""The demo's requests, as the product reads them."""

import json

import numpy as np
import pandas as pd

from infra.demo.inference import request
from infra.pipelines.flights.data import CATEGORICAL, FEATURES


def flights(**changed: object) -> pd.DataFrame:
    row = dict.fromkeys(FEATURES, np.float32(1.5)) | dict.fromkeys(CATEGORICAL, "EWR")
    moment = pd.Timestamp("2013-03-01T10:15Z")
    return pd.DataFrame(
        [{**row, "key": "a", "observed_at": moment}, {**row, **changed, "key": "b", "observed_at": moment}]
    )


def test_every_feature_is_a_tensor_of_one_column() -> None:
    document = json.loads(request(flights().to_dict("records")))
    assert [tensor["name"] for tensor in document["inputs"]] == list(FEATURES)
    assert {tuple(tensor["shape"]) for tensor in document["inputs"]} == {(2, 1)}
    assert json.loads(document["parameters"]["keys"]) == ["a", "b"]
    assert json.loads(document["parameters"]["observed_at"]) == ["2013-03-01T10:15:00+00:00"] * 2


def test_what_is_not_known_is_null() -> None:
    document = json.loads(request(flights(temp=np.float32("nan")).to_dict("records")))
    assert {tensor["name"]: tensor["data"] for tensor in document["inputs"]}["temp"] == [1.5, None]
