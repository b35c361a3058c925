"""A saved model into memory, by its own library. A pickle runs what its author wrote: only where that is trusted."""

import pickle
import warnings
from pathlib import Path
from typing import Any

from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.fitted import Fitted
from function_app.model_builder.formats import Saved

PICKLED = (
    "a pickle is a program: loading it runs whatever its author wrote. It was loaded in a process with bounded time "
    "and memory and without this environment's variables, which does not keep it from the network or your files. "
    "Save the model with skops or in its library's own format instead"
)


def load(found: Saved, trusted: bool) -> Fitted:
    """Raises `CannotBuild`."""
    match found.format:
        case "onnx":
            from function_app.model_builder.libraries import onnx_file

            return onnx_file.read(found.path)
        case "skops":
            return fitted(_skops(found.path, trusted))
        case "pickle":
            return fitted(_pickle(found.path, trusted))
        case "lightgbm":
            from function_app.model_builder.libraries import light_gbm

            return light_gbm.read(found.path)
        case "xgboost":
            from function_app.model_builder.libraries import xg_boost

            return xg_boost.read(found.path)
        case _:
            from function_app.model_builder.libraries import cat_boost

            return cat_boost.read(found.path)


def require_trust(kind: str, path: Path, trusted: bool) -> None:
    """Raises `CannotBuild`; before anything is installed for it."""
    if kind == "pickle" and not trusted:
        raise CannotBuild(
            f"{path}: this is a pickle, and loading one runs whatever its author wrote: save the model with skops "
            "(skops.io.dump) or in its library's own format, or say --trust if you know who wrote it"
        )


def fitted(model: Any) -> Fitted:
    """A model that is in memory already; raises `CannotBuild` for one of a library that is not known."""
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        from function_app.model_builder.libraries import light_gbm

        return light_gbm.LightGbm(model)
    if library == "xgboost":
        from function_app.model_builder.libraries import xg_boost

        return xg_boost.XgBoost(model)
    if library == "catboost":
        from function_app.model_builder.libraries import cat_boost

        return cat_boost.CatBoost(model)
    if hasattr(model, "SerializeToString"):
        from function_app.model_builder.libraries import onnx_file

        return onnx_file.OnnxFile(model.SerializeToString())
    if hasattr(model, "get_params") and hasattr(model, "predict"):
        from function_app.model_builder.libraries import scikit_learn

        return scikit_learn.ScikitLearn(model)
    raise CannotBuild(
        f"a {type(model).__name__} of {library} is no model of scikit-learn, LightGBM, XGBoost or CatBoost"
    )


# Of scikit-learn, with numbers as their state and no code. skops leaves them out since a false state may crash the
# process: this one is bounded, and alone.
_PLAIN_STATE = frozenset(
    {
        "sklearn.tree._tree.Tree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    }
)


def _skops(path: Path, trusted: bool) -> Any:
    from skops.io import get_untrusted_types, load

    try:
        beyond_skops = get_untrusted_types(file=path)
        unknown = [each for each in beyond_skops if each not in _PLAIN_STATE]
        if unknown and not trusted:
            raise CannotBuild(
                f"{path}: types that skops does not know to be harmless are in it: {', '.join(unknown[:20])}; "
                "--trust loads them"
            )
        return load(path, trusted=beyond_skops)
    except CannotBuild:
        raise
    except Exception as error:  # it raises what it likes over foreign bytes
        raise CannotBuild(f"{path}: skops cannot load it ({type(error).__name__}: {str(error)[:200]})") from error


def _pickle(path: Path, trusted: bool) -> Any:
    require_trust("pickle", path, trusted)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = _unpickled(path)
    except Exception as error:  # it may raise anything
        raise CannotBuild(f"{path}: it cannot be loaded ({type(error).__name__}: {str(error)[:300]})") from error
    for each in said:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    return found


def _unpickled(path: Path) -> Any:
    if path.suffix == ".joblib":
        import joblib

        return joblib.load(path)
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - its owner has said that it is trusted
