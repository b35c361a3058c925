"""Everything a scoring instance does without being asked: follow the manifest, send captured rows, report.

In the Functions worker, whose loop is not ours, it runs on a thread and loop of its own, from import on.
The own server runs it on its own loop: two threads that compute would take the interpreter from each other at every
callback, which costs far more than the work itself.
"""

import asyncio
import gc
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

from services.scoring.answering.scorer import Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.instance.following import ManifestFollower, Manifests
from services.scoring.instance.loop_share import LoopShare
from services.scoring.instance.outgoing import Outgoing
from services.scoring.instance.stoppable import Stoppable, attempt, every
from services.scoring.model.loading import PackageFiles, PackageLoader
from services.scoring.model.prepared import PreparedModels
from services.scoring.model.warmth import Keeping, Sharers
from shared.events import EndpointRef
from shared.ports import Clock, EventPublisher
from shared.ports.models.inference import InferenceRuntime

logger = logging.getLogger("sluice.scoring")


@dataclass(frozen=True, slots=True)
class ScoringPorts:
    """What the background needs from outside; opened on its own loop, for clients belong to the loop they begin on.

    `message_bytes` is how much is given to the publisher at once.
    """

    manifests: Manifests
    packages: PackageFiles
    publisher: EventPublisher
    runtime: InferenceRuntime
    clock: Clock
    prepared: PreparedModels | None = None
    message_bytes: int = 170_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks at the manifest, reports, and flushes of captured rows; and for the last words.

    `look_s`: between two looks for new endpoints, where all are served; a list costs what twelve reads do.

    `capture_share` of the loop's time, at most, is for packing captured rows, and for what sending takes of it, of all
    `sharers` together.
    """

    follow_s: float = 1.0
    report_s: float = 1.0
    flush_s: float = 0.5
    farewell_s: float = 5.0
    look_s: float = 5.0
    capture_share: float = 0.1
    sharers: Sharers = field(default_factory=Sharers)

    @property
    def own_capture_share(self) -> float:
        """Of one of them."""
        return self.capture_share / max(1, self.sharers.count)


class Background(Stoppable):
    """Follows the manifest of an endpoint, reports, and sends what was captured."""

    def __init__(
        self,
        endpoint: EndpointRef,
        instance: str,
        scorer: Scorer,
        capture: CaptureBuffer,
        open_ports: Callable[[], AbstractAsyncContextManager[ScoringPorts]],
        pace: Pace | None = None,
        keeping: Keeping | None = None,
        is_taken: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._pace = pace or Pace()
        super().__init__("scoring-background", self._pace.farewell_s)
        self._endpoint = endpoint
        self._instance = instance
        self._scorer = scorer
        self._capture = capture
        self._open_ports = open_ports
        self._keeping = keeping
        self._is_taken = is_taken

    async def _work(self, stopping: asyncio.Event) -> None:
        """An error of one kind of work is logged and tried again at its next turn; it ends nothing."""
        async with self._open_ports() as ports:
            outgoing = Outgoing(self._endpoint, self._instance, ports.publisher, ports.clock, ports.message_bytes)
            loader = PackageLoader(ports.packages, ports.runtime, ports.prepared)
            follower = ManifestFollower(
                self._endpoint, ports.manifests, loader, self._scorer, outgoing.load_failed, ports.clock,
                self._keeping, self._is_taken,
            )  # fmt: skip
            share = LoopShare(self._pace.own_capture_share)
            follow = partial(self._follow, follower)
            # The first look comes alone: an instance that has just started is asked for answers, not for reports.
            await attempt("follow the manifest", follow)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(every(self._pace.follow_s, "follow the manifest", follow, stopping))
                tasks.create_task(every(self._pace.report_s, "report", lambda: self._report(outgoing), stopping))
                tasks.create_task(every(self._pace.flush_s, "flush", lambda: self._flush(outgoing, share), stopping))
            await self._farewell(outgoing)

    async def _follow(self, follower: ManifestFollower) -> None:
        versions = self._scorer.table.versions
        await follower.step()
        if self._scorer.table.versions is not versions:
            _freeze_what_stays()

    async def _report(self, outgoing: Outgoing) -> None:
        await outgoing.report(self._scorer, self._capture)

    async def _flush(self, outgoing: Outgoing, share: LoopShare) -> None:
        share.most = self._pace.own_capture_share
        await outgoing.flush(self._capture, share)

    async def _farewell(self, outgoing: Outgoing) -> None:
        self._scorer.settle()  # from this thread, for no request is scored any more
        try:
            async with asyncio.timeout(self._pace.farewell_s):
                await attempt("flush", lambda: outgoing.flush(self._capture))
                await attempt("report", lambda: self._report(outgoing))
        except TimeoutError:
            pass
        if lost := self._capture.waiting_rows + outgoing.waiting_rows:
            logger.error("%d captured rows could not be sent before the end", lost)


def _freeze_what_stays() -> None:
    """Modules and models live as long as they serve: the collector need not look at them, request after request."""
    gc.collect()  # what is garbage now would stay for ever
    gc.freeze()
