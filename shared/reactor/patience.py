"""What becomes of an event, and how long the reactor waits for what cannot be had now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from shared.ports import Unavailable
from shared.reactor.other_builds import OtherBuild

# In place of an effect's kind: the decision itself could not be prepared, and nothing was decided.
GATHER = "gather"
_LONGEST_REASON = 2000


class Behind(Unavailable):
    """An earlier decision of the chain is not done: it has a patience of its own, and this one waits as long."""


def said(error: BaseException) -> str:
    """What an error says, never empty, in what any row and any message may hold."""
    text = str(error) or type(error).__name__
    return text.encode("utf-8", "replace").decode()[:_LONGEST_REASON]


class Handled(StrEnum):
    SETTLED = "settled"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    NOT_FOR_US = "not for us"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Patience:
    """`lease` bounds one effect, `limit` is how long an event may stay pending, `longest` the pause between tries.

    What has been pending for `said_after` is told to people. What only another build can do may wait for `other_build`:
    a deployment that was rolled back, or a service that was taken out, may come again.
    """

    lease: timedelta = timedelta(seconds=30)
    limit: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(seconds=60)
    said_after: timedelta = timedelta(minutes=5)
    other_build: timedelta = timedelta(days=7)

    @classmethod
    def of(cls, lease_s: float, limit_s: float, longest_s: float = 60) -> Self:
        return cls(timedelta(seconds=lease_s), timedelta(seconds=limit_s), timedelta(seconds=longest_s))

    def is_over(self, reason: Unavailable, since: datetime, now: datetime) -> bool:
        """Whether what has been pending since then is given up for this reason."""
        if isinstance(reason, Behind):
            return False
        return now - since > (self.other_build if isinstance(reason, OtherBuild) else self.limit)

    def pause(self, attempts: int, asked: timedelta | None = None) -> timedelta:
        """Before the next try; longer where whoever cannot now asked for that, though never than the whole patience."""
        own = min(timedelta(seconds=0.5 * 2 ** min(attempts, 16)), self.longest)
        return max(own, min(asked or own, self.limit))


def asked_by(error: BaseException) -> timedelta | None:
    """The pause that an error carries."""
    return error.pause if isinstance(error, Unavailable) else None
