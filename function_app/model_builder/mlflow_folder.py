"""A folder that MLflow wrote: which file in it is the model, and what its signature names. MLflow is not needed."""

import json
from pathlib import Path
from typing import Any

import yaml

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.formats import Saved

_FLAVOURS = ("onnx", "sklearn", "lightgbm", "xgboost", "catboost")


def read(folder: Path) -> Saved:
    """Raises `CannotBuild` for a flavour that is none of ours, or files that lie elsewhere."""
    try:
        found = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
        flavours = found["flavors"]
    except (OSError, yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise CannotBuild(f"{folder}/MLmodel: it cannot be read ({str(error)[:200]})") from error
    name = next((each for each in _FLAVOURS if each in flavours), None)
    if name is None:
        raise CannotBuild(f"{folder}/MLmodel: flavours {', '.join(flavours)}; one of {', '.join(_FLAVOURS)} is needed")
    file = _file(folder, name, flavours[name])
    return Saved(_format(name, file, flavours[name]), file, _features(found.get("signature")))


def _file(folder: Path, name: str, flavour: Any) -> Path:
    written = flavour.get("pickled_model" if name == "sklearn" else "data") or flavour.get("model_data") or ""
    path = (folder / written).resolve()
    if not written or not path.is_relative_to(folder.resolve()) or not path.exists():
        raise CannotBuild(f"{folder}/MLmodel, {name}: its file {written!r} is not in the folder")
    return path


def _format(name: str, file: Path, flavour: Any) -> str:
    if name == "sklearn":
        return "skops" if flavour.get("serialization_format") == "skops" or file.suffix == ".skops" else "pickle"
    is_pickle = file.suffix in (".pkl", ".pickle")  # scikit-learn's wrappers of LightGBM are saved so by default
    return "pickle" if is_pickle else name


def _features(signature: Any) -> tuple[str, ...]:
    """Names of columns; a signature of tensors has none."""
    try:
        columns = json.loads(signature["inputs"])
        return tuple(str(each["name"]) for each in columns if each.get("type") != "tensor")
    except (TypeError, KeyError, ValueError):
        return ()
