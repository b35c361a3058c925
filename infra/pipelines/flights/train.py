"""Train on the flights of a span of time and write a model package.

    python -m flights.train --data-from 2013-01-01 --data-until 2013-03-01 --output DIR

Figures in `metrics.json` come from the last part of the span, which a first model has not seen; the model in the
package is then trained on all of it.
"""

import argparse
from pathlib import Path

from .data import moment, rows
from .model import export, fit
from .package import evaluate, write

_TEST_SHARE = 0.15
_LEAST_ROWS = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-from", default="2013-01-01", help="first scheduled departure, ISO 8601, UTC")
    parser.add_argument("--data-until", required=True, help="rows and labels known before this time, ISO 8601, UTC")
    parser.add_argument("--output", type=Path, required=True, help="folder of the model package")
    parser.add_argument("--trees", type=int, default=60)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--leaves", type=int, default=15)
    arguments = parser.parse_args()
    try:
        metrics = train(**vars(arguments))
    except ValueError as error:
        parser.error(str(error))
    print(" ".join(f"{name}={figure}" for name, figure in metrics.items()))


def train(
    data_from: str, data_until: str, output: Path, trees: int = 60, learning_rate: float = 0.1, leaves: int = 15
) -> dict[str, float]:
    """Returns the metrics; raises `ValueError` when the span holds too few flights."""
    until = moment(data_until)
    known = rows(data_from, until)
    known = known[known["label_at"] <= until].reset_index(drop=True)
    if len(known) < _LEAST_ROWS:
        raise ValueError(f"data_until: {len(known)} flights between {data_from} and {data_until}, {_LEAST_ROWS} needed")
    split = int(len(known) * (1 - _TEST_SHARE))
    first = export(fit(known.iloc[:split], trees, learning_rate, leaves))
    metrics = evaluate(first, known.iloc[split:])
    write(output, export(fit(known, trees, learning_rate, leaves)), known, metrics, until)
    return metrics


if __name__ == "__main__":
    main()
