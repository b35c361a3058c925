"""Make a broken candidate from a good package: the same data with shuffled labels, everything else in order.

    python -m flights.broken --package DIR --output DIR

Its files are honest: the golden rows are its own, and its metrics say how bad it is.
"""

import argparse
from datetime import datetime
from pathlib import Path

import pandas as pd

from .data import LABEL
from .model import export, fit
from .package import evaluate, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, required=True, help="folder of a good model package")
    parser.add_argument("--output", type=Path, required=True, help="folder of the broken one")
    arguments = parser.parse_args()
    metrics = spoil(arguments.package, arguments.output)
    print(" ".join(f"{name}={figure}" for name, figure in metrics.items()))


def spoil(package: Path, output: Path) -> dict[str, float]:
    """Returns the broken candidate's metrics, measured against the true labels."""
    rows = pd.read_parquet(package / "reference.parquet")
    labels = rows[LABEL].sample(frac=1.0, random_state=0).to_numpy()
    model = export(fit(rows.assign(**{LABEL: labels}), trees=60, learning_rate=0.1, leaves=15))
    metrics = evaluate(model, rows)
    trained_until = datetime.fromisoformat((package / "trained_until").read_text().strip())
    write(output, model, rows, metrics, trained_until)
    return metrics


if __name__ == "__main__":
    main()
