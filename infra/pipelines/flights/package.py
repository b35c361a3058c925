"""Writing the model package: seven plain files that say all there is to know about the model."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from .data import CATEGORICAL, FEATURES, LABEL
from .model import predict

GROUPS = ("origin",)
_REFERENCE_ROWS = 20_000
_GOLDEN_ROWS = 50


def write(folder: Path, model: bytes, rows: pd.DataFrame, metrics: dict[str, float], trained_until: datetime) -> None:
    """`rows` are those of the training; equal arguments give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    _write_json(folder / "signature.json", signature(rows))
    _reference(model, rows).to_parquet(folder / "reference.parquet", index=False)
    _golden(model, rows).to_parquet(folder / "golden.parquet", index=False)
    _write_json(folder / "metrics.json", metrics)
    (folder / "environment.yml").write_text(_environment())
    (folder / "trained_until").write_text(trained_until.astimezone(UTC).isoformat().replace("+00:00", "Z") + "\n")


def signature(rows: pd.DataFrame) -> dict[str, Any]:
    """Data types are those of the Open Inference Protocol v2."""
    inputs: list[dict[str, Any]] = []
    for name in FEATURES:
        if name in CATEGORICAL:
            categories = sorted(rows[name].unique().tolist())
            inputs.append({"name": name, "datatype": "BYTES", "kind": "categorical", "categories": categories})
        else:
            inputs.append({"name": name, "datatype": "FP32", "kind": "numeric", "nullable": True})
    return {
        "inputs": inputs,
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probability", "datatype": "FP32", "shape": [-1]},
        ],
        "prediction": "probability",
        "task": "binary_classification",
        "label": LABEL,
        "groups": list(GROUPS),
    }


def evaluate(model: bytes, rows: pd.DataFrame) -> dict[str, float]:
    """Figures of the model on rows it has not seen."""
    _, probability = predict(model, rows)
    predicted = probability.astype(float)
    return {
        "roc_auc": round(float(roc_auc_score(rows[LABEL], predicted)), 6),
        "log_loss": round(float(log_loss(rows[LABEL], predicted)), 6),
        "brier": round(float(brier_score_loss(rows[LABEL], predicted)), 6),
        "rows": len(rows),
    }


def _reference(model: bytes, rows: pd.DataFrame) -> pd.DataFrame:
    sample = _spread(rows, _REFERENCE_ROWS)
    _, probability = predict(model, sample)
    return sample[[*FEATURES, LABEL]].assign(prediction=probability)


def _golden(model: bytes, rows: pd.DataFrame) -> pd.DataFrame:
    sample = _spread(rows, _GOLDEN_ROWS)[list(FEATURES)]
    label, probability = predict(model, sample)
    return sample.assign(label=label, probability=probability)


def _spread(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """At most `count` rows, evenly over the whole time."""
    return rows.iloc[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def _environment() -> str:
    """What the model needs to be run, as a conda environment."""
    pins = [f"{name}=={version(name)}" for name in ("numpy", "onnxruntime")]
    packages = "".join(f"      - {pin}\n" for pin in pins)
    return f"name: flights-model\ndependencies:\n  - python=3.13\n  - pip\n  - pip:\n{packages}"
