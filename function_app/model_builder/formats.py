"""Which kind of file a model is, told without loading it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from function_app.model_builder.errors import CannotBuild
from shared.packages.errors import NotAPackage
from shared.packages.graph_file import read_graph

_KNOWN = (
    "a model is an .onnx file, scikit-learn's .skops, LightGBM's .txt, XGBoost's .json or .ubj, CatBoost's .cbm or "
    ".json, a folder that MLflow wrote, or with --trust a .pkl or .joblib"
)
_BY_SUFFIX: Mapping[str, str] = {
    ".onnx": "onnx", ".skops": "skops", ".lgb": "lightgbm", ".ubj": "xgboost", ".xgb": "xgboost", ".cbm": "catboost",
    ".cb": "catboost", ".pkl": "pickle", ".pickle": "pickle", ".joblib": "pickle",
}  # fmt: skip
# What must be importable.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "onnx": ("onnx", "onnxruntime"),
    "skops": ("skops", "sklearn", "skl2onnx"),
    "lightgbm": ("lightgbm", "onnxmltools"),
    "xgboost": ("xgboost", "onnxmltools"),
    "catboost": ("catboost",),
    "pickle": ("sklearn", "skl2onnx", "lightgbm", "xgboost", "catboost", "onnxmltools"),
}


@dataclass(frozen=True, slots=True)
class Saved:
    """`format` is one of `NEEDS`; `features` are the columns where a signature beside the model names them."""

    format: str
    path: Path
    features: tuple[str, ...] = ()


def saved(path: Path) -> Saved:
    """Raises `CannotBuild` for what is none of these."""
    if not path.exists():
        raise CannotBuild(f"{path}: there is no such file or folder")
    if path.is_dir():
        return _folder(path)
    if found := _BY_SUFFIX.get(path.suffix.lower()):
        return Saved(found, path)
    return Saved(_by_content(path), path)


def _folder(path: Path) -> Saved:
    if (path / "MLmodel").is_file():
        from function_app.model_builder.mlflow_folder import read

        return read(path)
    if sorted(path.glob("*.onnx")):
        return Saved("onnx", path)
    raise CannotBuild(f"{path}: neither MLmodel nor an .onnx file is in this folder; {_KNOWN}")


def _by_content(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"tree\n"):
        return "lightgbm"
    if head.lstrip().startswith(b"{") and path.suffix == ".json":
        return _json(path)
    if head.startswith(b"CBM1"):
        return "catboost"
    try:
        read_graph(path.read_bytes())
    except NotAPackage:
        raise CannotBuild(f"{path}: it is not known what this is; {_KNOWN}") from None
    return "onnx"


def _json(path: Path) -> str:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise CannotBuild(f"{path}: it is not JSON ({str(error)[:200]})") from error
    if "learner" in found:
        return "xgboost"
    if "oblivious_trees" in found or "features_info" in found:
        return "catboost"
    if "tree_info" in found:
        raise CannotBuild(
            f"{path}: this is a dump that LightGBM itself cannot load: save the model with booster.save_model('m.txt')"
        )
    raise CannotBuild(f"{path}: neither XGBoost nor CatBoost wrote this; {_KNOWN}")
