"""What every field of the catalogue is held to, whoever fills it in: bounded texts, finite numbers, credible times."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from shared.events.border import writable

LONGEST_TEXT = 8192
LONGEST_WORDS = 2000
# Half a century both ways: what is replayed may be old, and no arithmetic on a time this near overflows. Who adds up
# rows bounds the future of business time far more closely.
HORIZON = timedelta(days=18263)
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


class Part(BaseModel):
    """Base of whatever an event is made of. A text that is not Unicode or longer than `LONGEST_TEXT` is refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, str_max_length=LONGEST_TEXT)


def _cut(value: object) -> object:
    return writable(value, LONGEST_WORDS) if isinstance(value, str) else value


# Words for people, often another system's: what is too long is cut, for a reason must not be what makes a fact fail.
Words = Annotated[str, BeforeValidator(_cut)]


def in_horizon(moment: datetime, now: datetime) -> bool:
    return abs(moment - now) <= HORIZON


def in_utc(moment: datetime) -> datetime:
    """A time without a zone is in UTC: that is the rule, for whoever sends one."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _all_in_utc(moments: tuple[datetime, ...]) -> tuple[datetime, ...]:
    has_naive = any(moment.tzinfo is None for moment in moments)
    return tuple([in_utc(moment) for moment in moments]) if has_naive else moments


def _check_horizon(moments: Iterable[datetime], info: ValidationInfo) -> None:
    """Events that are read back are as old as they are: only who gives the time now, in `context`, has them checked."""
    now = (info.context or {}).get("now")
    if now and not all(in_horizon(moment, now) for moment in moments):
        raise ValueError(f"a time within {HORIZON.days} days of now is required")


def _moment(moment: datetime, info: ValidationInfo) -> datetime:
    moment = in_utc(moment)
    _check_horizon((moment,), info)
    return moment


def _moments(moments: tuple[datetime, ...], info: ValidationInfo) -> tuple[datetime, ...]:
    moments = _all_in_utc(moments)
    # Rows that were scored together share one object.
    _check_horizon({id(moment): moment for moment in moments}.values(), info)
    return moments


_Dated = Annotated[datetime, Field(ge=_EARLIEST, lt=_LATEST)]
Moment = Annotated[_Dated, AfterValidator(_moment)]
Moments = Annotated[tuple[_Dated, ...], AfterValidator(_moments)]
