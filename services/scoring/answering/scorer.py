"""From the bytes of a request to those of its answer; requests of one event-loop turn share one run of the model."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter_ns

from services.scoring.answering import metadata
from services.scoring.answering.batching import Batching, EndOfTurn
from services.scoring.answering.inference_server import InferenceServer, Reply
from services.scoring.answering.listing import models, repository_index
from services.scoring.answering.openapi import openapi
from services.scoring.answering.shadows import Shadows
from services.scoring.capture.accounts import Accounts, AnsweredRun
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.table import Table, is_ready
from services.scoring.model.version import Version
from services.scoring.protocol import InferRequest, check_numbers, decode
from services.scoring.protocol.answers import Answer, Invalid, Problem
from services.scoring.protocol.parameters import check_horizon
from services.scoring.protocol.response import Outputs
from shared.ports.models.inference import InferenceFailed

logger = logging.getLogger("sluice.scoring")

# Our own mistakes: logged with their trace, answered, and counted as ours.
_BROKEN = Problem(500, "internal error")
_KINDS = {429: "busy", 500: "internal"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows in one request, rows in one run, rows waiting for the next run, and bytes of one body."""

    request_rows: int = 10_000
    batch_rows: int = 1_024
    waiting_rows: int = 50_000
    body_bytes: int = 16 << 20


@dataclass(eq=False)
class _Ticket:
    """`reply` must bear a second call: when an answer fails halfway through a batch, all of it is answered again."""

    version: Version
    request: InferRequest
    reply: Reply


class Scorer(InferenceServer):
    """`table` may be exchanged from any thread; what is on its way keeps its version."""

    def __init__(self, capture: CaptureBuffer, limits: Limits | None = None, batching: Batching | None = None) -> None:
        self.table = Table()
        self._batching = batching or EndOfTurn()
        self._shadows = Shadows()
        self._limits = limits or Limits()
        self._pending: dict[object, list[_Ticket]] = {}  # by what may share a run
        self._waiting_rows = 0
        self._turn = 0
        self._accounts = Accounts(capture)
        self._clock = capture.clock  # the times of callers are held against the one that other rows are timed by

    @property
    def mirrored_left_out(self) -> int:
        """Copies for mirrors that there was no room for."""
        return self._shadows.left_out

    def live(self) -> Answer:
        return metadata.LIVE

    def ready(self) -> Answer:
        return metadata.readiness(is_ready([self.table]))

    def models(self) -> Answer:
        return models([self.table])

    def repository_index(self, body: bytes) -> Answer:
        return repository_index([self.table], body)

    def server(self) -> Answer:
        return metadata.server_metadata()

    def openapi(self) -> Answer:
        return openapi(self.table)

    def model(self, name: str, number: str | None = None) -> Answer:
        found = self.table.find(name, number, self._turn)
        return found.answer() if isinstance(found, Problem) else metadata.model_metadata(found, self.table)

    def model_ready(self, name: str, number: str | None = None) -> Answer:
        """404 for a model that is not here, so that a probe tells it from one that is not loaded (503)."""
        found = self.table.find(name, number, self._turn)
        return found.answer() if isinstance(found, Problem) else metadata.readiness(True, name=name)

    def submit(
        self,
        name: str,
        number: str | None,
        body: bytes,
        reply: Reply,
        *,
        header_length: int | None = None,
        sticky: str | None = None,
    ) -> None:
        is_first = not self._pending
        self._take(name, number, body, reply, header_length, sticky)
        if is_first and self._pending:
            self._batching.wait(self._run)

    def _take(
        self, name: str, number: str | None, body: bytes, reply: Reply, header_length: int | None, sticky: str | None
    ) -> None:
        began_ns = perf_counter_ns()
        self._turn += 1
        version = self.table.find(name, number, self._turn, sticky)
        if isinstance(version, Problem):
            return reply(version.answer())
        try:
            request = self._admit(version, body, header_length)
        except Exception:  # a bug about one request is that one's answer
            logger.exception("a request could not be read")
            request = _BROKEN
        if isinstance(request, Problem):
            version.statistics.failed(_KINDS.get(request.status, "invalid"))
            return reply(request.answer())
        if not request.rows:
            version.statistics.served(0, [perf_counter_ns() - began_ns])
            return reply(version.encoder.encode_no_rows(request))
        request.began_ns = began_ns
        self._enqueue(_Ticket(version, request, reply))
        if self.table.mirrors and number is None:
            self._shadows.cast(self.table.mirrors, self._turn, version, body, header_length)

    def _admit(self, version: Version, body: bytes, header_length: int | None) -> InferRequest | Problem:
        limits = self._limits
        if len(body) > limits.body_bytes:
            return Problem(413, f"body: {len(body)} bytes, at most {limits.body_bytes} are taken")
        request = decode(version.layout, body, header_length, limits.request_rows)
        if isinstance(request, Problem):
            return request
        if self._waiting_rows + request.rows > limits.waiting_rows:
            return Problem(429, "too many rows are waiting", retry_after_s=1)
        try:
            if request.observed_at:
                check_horizon(request.observed_at, self._clock.now())
            if request.outputs is not None:
                version.encoder.check(request)
        except Invalid as invalid:
            return invalid.problem
        return request

    def _enqueue(self, ticket: _Ticket) -> None:
        version, request = ticket.version, ticket.request
        self._waiting_rows += request.rows
        kind: object = (version, version.layout.inner_shapes(request.arrays)) if version.layout.ragged else version
        if version.is_alone:
            kind = ticket
        tickets = self._pending.get(kind)
        if tickets is None:
            self._pending[kind] = [ticket]
        else:
            tickets.append(ticket)

    def _run(self) -> None:
        """All that waits."""
        pending, self._pending, self._waiting_rows = self._pending, {}, 0
        for tickets in pending.values():
            for batch in (tickets,) if len(tickets) == 1 else _batches(tickets, self._limits.batch_rows):
                try:
                    self._answer(batch)
                except Exception:  # a bug about one batch is its requests' answer
                    logger.exception("a batch could not be answered")
                    for ticket in batch:
                        ticket.version.statistics.failed("internal")
                        ticket.reply(_BROKEN.answer())

    def _answer(self, tickets: Sequence[_Ticket]) -> None:
        """Whatever happens, everybody gets an answer."""
        version, arrays = tickets[0].version, tickets[0].request.arrays
        layout = version.layout
        if len(tickets) > 1:
            arrays = layout.join([ticket.request.arrays for ticket in tickets])
        try:
            check_numbers(layout, arrays)
            found = version.session.run(layout.columns(arrays))
        except (Invalid, InferenceFailed) as error:
            return self._failed(tickets, error)
        outputs, start, encode = Outputs(found), 0, version.encoder.encode
        for ticket in tickets:
            request = ticket.request
            ticket.reply(encode(request, outputs, start))
            start += request.rows
        requests = [ticket.request for ticket in tickets]
        self._accounts.add(AnsweredRun(version, requests, arrays, found, start, perf_counter_ns()))

    def settle(self) -> None:
        """Count and capture now what was answered, which otherwise happens soon."""
        self._accounts.settle()

    def _failed(self, tickets: Sequence[_Ticket], error: Invalid | InferenceFailed) -> None:
        """One request's values must not spoil the answers of others: each is tried alone."""
        version = tickets[0].version
        if len(tickets) > 1:
            for ticket in tickets:
                self._answer([ticket])
        elif isinstance(error, Invalid):
            version.statistics.failed("invalid")
            tickets[0].reply(error.problem.answer())
        else:
            version.statistics.failed("model")
            logger.warning("%s does not run on a request: %s", version.package.model, error)
            tickets[0].reply(Problem(400, f"the model does not run on these values: {error}").answer())


def _batches(tickets: list[_Ticket], most_rows: int) -> list[list[_Ticket]]:
    """At most `most_rows` rows in each, unless one request alone has more."""
    batches: list[list[_Ticket]] = [[]]
    rows = 0
    for ticket in tickets:
        if batches[-1] and rows + ticket.request.rows > most_rows:
            batches.append([])
            rows = 0
        batches[-1].append(ticket)
        rows += ticket.request.rows
    return batches
