"""Entry script of an Azure ML batch endpoint: `init()` once for each process, `run(mini_batch)` for each few files.

https://learn.microsoft.com/azure/machine-learning/how-to-batch-scoring-script. The registered model is a model package.
Each file's answers are written to the deployment's output folder, so its `output_action` is `summary_only`; a file that
is missing in what `run` returns counts as failed there.
"""

import json
import logging
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from function_app.jobs.batch.row_sandbox import RowSandbox
from services.scoring.files import NotScorable
from shared.events import ModelRef, PackageRef
from shared.packages import digest, read_files

logger = logging.getLogger("sluice.batch")
CHUNK_ROWS = 50_000
_served: dict[str, RowSandbox] = {}


def init() -> None:
    """Loads the package below `AZUREML_MODEL_DIR`; raises `Refused` or `NotAPackage` for one that must not score."""
    folder = _package_folder(Path(os.environ["AZUREML_MODEL_DIR"]))
    # Where it is registered does not matter here: no answer names it but by its digest.
    nowhere = "/subscriptions/0/resourcegroups/0/providers/microsoft.machinelearningservices/workspaces/0"
    package = PackageRef(
        model=ModelRef(workspace=nowhere, name="model", version="0"), digest=digest(read_files(folder))
    )
    _served["sandbox"] = RowSandbox(folder, package)
    _served["sandbox"].load()


def _package_folder(root: Path) -> Path:
    """Azure ML puts the registered folder into the directory, under its own name."""
    found = sorted(root.rglob("signature.json"))
    if len(found) != 1:
        raise FileNotFoundError(f"{root}: one model package is required, found {len(found)}")
    return found[0].parent


def run(mini_batch: Sequence[str]) -> list[str]:
    """A line of JSON for each file that was scored: its name, rows, rejected rows and where the answers are."""
    return [line for path in mini_batch if (line := _score(Path(path))) is not None]


def _score(path: Path) -> str | None:
    try:
        return json.dumps(_write(path, Path(os.environ["AZUREML_BI_OUTPUT_PATH"])))
    except NotScorable as problem:
        logger.error("%s is not scored: %s", path.name, problem)
        return None


def _write(path: Path, folder: Path) -> dict[str, object]:
    """Under a name that the same file always gets: when a mini-batch is tried again, nothing is there twice."""
    target = folder / f"{path.stem}-{sha256(str(path).encode()).hexdigest()[:8]}.parquet"
    rows, rejected = _served["sandbox"].whole(path, target, CHUNK_ROWS)
    return {"file": path.name, "rows": rows, "rejected": rejected, "output": target.name}
