"""Which rows the model has seen, and the moment from which on it has seen none."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow
from numpy.typing import NDArray

from function_app.model_builder import table as tables
from function_app.model_builder.errors import CannotBuild
from function_app.model_builder.table import Table
from function_app.model_builder.wanted import Wanted
from shared.packages.signature import TRAINED


@dataclass(frozen=True, slots=True)
class Split:
    """`trained` says of each row whether the model was trained on it; `how` says in words how that is known."""

    trained: NDArray[np.bool_]
    until: datetime
    how: str


def with_unseen(data: Table, unseen: Table | None) -> Table:
    """Both together, with a column that tells them apart; raises `CannotBuild` where their columns differ."""
    if unseen is None:
        return data
    missing = sorted(set(data.column_names) - set(unseen.column_names))
    if missing:
        raise CannotBuild(f"test: there is no column {missing[0]!r} in it, which the data has")
    parts = [
        data.append_column(TRAINED, pyarrow.array(np.ones(len(data), bool))),
        unseen.select(data.column_names)
        .cast(data.schema)
        .append_column(TRAINED, pyarrow.array(np.zeros(len(unseen), bool))),
    ]
    return pyarrow.concat_tables(parts)


def split(table: Table, wanted: Wanted, now: datetime) -> Split:
    """By column `trained` where there is one, by time where a moment is given; else nothing is known to be unseen."""
    times = tables.moments(table, wanted.time) if wanted.time else None
    if TRAINED in table.column_names:
        trained = tables.array(tables.column(table, TRAINED, "data"), np.bool_)
        how = f"{int((~trained).sum())} of {len(trained)} rows were not trained on"
    elif wanted.trained_until is not None:
        if times is None:
            raise CannotBuild("trained-until: which column holds the times? Name it with --time")
        trained = times < np.datetime64(wanted.trained_until.astimezone(UTC).replace(tzinfo=None), "us")
        how = f"{int((~trained).sum())} of {len(trained)} rows are at or after {wanted.trained_until.isoformat()}"
    else:
        trained = np.ones(len(table), bool)
        how = "no row is known to be unseen by the model: its figures are those of its training rows"
    return Split(trained, _until(wanted, times, trained, now), how)


def _until(wanted: Wanted, times: NDArray[np.datetime64] | None, trained: NDArray[np.bool_], now: datetime) -> datetime:
    """As given, else just after the last row that was trained on, else now."""
    if wanted.trained_until is not None:
        return wanted.trained_until
    if times is None or not trained.any():
        return now.replace(microsecond=0)
    last: datetime = times[trained].max().astype("datetime64[us]").item()
    return last.replace(tzinfo=UTC) + timedelta(microseconds=1)
