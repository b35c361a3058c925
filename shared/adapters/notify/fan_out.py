"""Which notifier hears what: picked by audience."""

import asyncio
from collections.abc import Mapping, Sequence

from shared.ports import Notice, Notifier, Refused


class FanOutNotifier:
    """`targets` maps an audience to its notifiers; `always` hear everything as well.

    All are tried before the first failure is raised. A notice for which there is no target at all raises `Refused`.
    """

    def __init__(self, targets: Mapping[str, Sequence[Notifier]], always: Sequence[Notifier] = ()) -> None:
        self._targets = targets
        self._always = always

    async def send(self, notice: Notice) -> None:
        targets = [*self._always, *self._targets.get(notice.audience, ())]
        if not targets:
            raise Refused(f"audience: nobody hears notices for {notice.audience!r}")
        outcomes = await asyncio.gather(*(target.send(notice) for target in targets), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        # One that may succeed later counts more than one that never will: the whole notice is then sent again.
        for failure in sorted(failures, key=lambda failure: isinstance(failure, Refused)):
            raise failure
