"""OpenTelemetry: a span for each request, child of what the caller's `traceparent` says (W3C Trace Context).

The loop leaves a few values behind for each request; a thread makes spans of them by the SDK and exports them over
OTLP/HTTP. The SDK reads its usual variables: endpoint, headers, sampler, service name. It is imported by that thread.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .observing import Handled
from .offloop import OffLoop

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, Tracer
    from opentelemetry.sdk.trace.export import SpanExporter

_MOST_WAITING = 10_000


def spans() -> OffLoop[Handled]:
    return OffLoop("spans", _Spans().take, _MOST_WAITING)


class NotExported(Exception):
    """The collector did not take the spans; the exporter has logged why."""


class _Spans:
    """Opened by the thread that uses it, with its first request."""

    def __init__(self) -> None:
        self._ended: list[ReadableSpan] = []
        self._tracer: Tracer | None = None
        self._exporter: SpanExporter | None = None

    def take(self, portion: Sequence[Handled]) -> None:
        if self._tracer is None or self._exporter is None:
            self._tracer, self._exporter = _open(self._ended)
        for handled in portion:
            _make_span(self._tracer, handled)
        ended = list(self._ended)
        self._ended.clear()
        if ended and not self._exporter.export(ended).value == 0:
            raise NotExported(f"{len(ended)} spans")


def _open(ended: "list[ReadableSpan]") -> "tuple[Tracer, SpanExporter]":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, Tracer, TracerProvider

    class Gathering(SpanProcessor):
        def on_end(self, span: "ReadableSpan") -> None:
            ended.append(span)

    provider = TracerProvider(resource=Resource.create({"service.name": "sluice-scoring"}))
    provider.add_span_processor(Gathering())
    tracer = provider.get_tracer("sluice.scoring")
    assert isinstance(tracer, Tracer)  # noqa: S101 - OTEL_SDK_DISABLED is looked at before
    return tracer, OTLPSpanExporter()


def _make_span(tracer: "Tracer", handled: Handled) -> None:
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": handled.traceparent or ""})
    method = handled.method.decode("ascii", "backslashreplace")
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "url.path": handled.path,
        "http.response.status_code": handled.status,
        "http.request.body.size": handled.bytes_in,
        "http.response.body.size": handled.bytes_out,
        **{f"http.request.header.{name}": value for name, value in handled.ids},
    }
    if handled.version is not None:
        attributes["sluice.model.version"] = handled.version
    # A name must not differ from request to request, so it has neither model nor version in it.
    name = f"{method} /v2/models/{{model}}/infer" if handled.path.endswith("/infer") else method
    span = tracer.start_span(name, context, SpanKind.SERVER, attributes, start_time=handled.began_ns)
    if handled.status >= 500:
        span.set_status(StatusCode.ERROR)
    span.end(max(handled.began_ns, handled.ended_ns))
