"""Counts of this instance as Prometheus reads them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from services.scoring.answering.scorer import Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.statistics import BOUNDS_US
from services.scoring.model.version import Version
from services.scoring.protocol.answers import Answer

_TEXT = (("content-type", "text/plain; version=0.0.4; charset=utf-8"),)
_OVERFLOWED, _LEFT_OUT = "sluice_capture_overflowed_rows_total", "sluice_mirrored_left_out_total"
_TYPES = {
    "sluice_generation": "gauge",
    "sluice_model_bytes": "gauge",
    "sluice_requests_total": "counter",
    "sluice_rows_total": "counter",
    "sluice_errors_total": "counter",
    "sluice_latency_seconds": "histogram",
    "sluice_capture_waiting_rows": "gauge",
    _OVERFLOWED: "counter",
    _LEFT_OUT: "counter",
}


def metrics_page(
    scorers: Mapping[str, Scorer], captures: Sequence[CaptureBuffer], counted: Mapping[str, int] = MappingProxyType({})
) -> Answer:
    """Settles first, so that every answer given is in it. `scorers` by endpoint; `counted` are counters of the door."""
    for scorer in scorers.values():
        scorer.settle()
    samples = [
        ("sluice_capture_waiting_rows", f"sluice_capture_waiting_rows {sum(each.waiting_rows for each in captures)}"),
        (_OVERFLOWED, f"{_OVERFLOWED} {sum(each.overflowed_rows for each in captures)}"),
        (_LEFT_OUT, f"{_LEFT_OUT} {sum(each.mirrored_left_out for each in scorers.values())}"),
        *((name, f"{name} {value}") for name, value in counted.items()),
    ]
    for endpoint, scorer in scorers.items():
        generation = scorer.table.generation
        samples.append(("sluice_generation", f'sluice_generation{{endpoint="{endpoint}"}} {generation}'))
        for version in scorer.table.versions:
            samples += _of_version(version)
    lines = []
    for name, kind in {**_TYPES, **dict.fromkeys(counted, "counter")}.items():  # a metric's samples stand together
        lines.append(f"# TYPE {name} {kind}")
        lines += [line for metric, line in samples if metric == name]
    return Answer(200, ("\n".join(lines) + "\n").encode(), _TEXT)


def _of_version(version: Version) -> Iterator[tuple[str, str]]:
    counts = version.statistics
    labels = f'model="{version.name}",version="{version.number}"'
    yield "sluice_requests_total", f"sluice_requests_total{{{labels}}} {counts.requests}"
    yield "sluice_model_bytes", f"sluice_model_bytes{{{labels}}} {version.model_bytes}"
    yield "sluice_rows_total", f"sluice_rows_total{{{labels}}} {counts.rows}"
    for kind, count in dict(counts.errors).items():
        yield "sluice_errors_total", f'sluice_errors_total{{{labels},kind="{kind}"}} {count}'
    total = 0
    for bound, count in zip([*(each / 1e6 for each in BOUNDS_US), "+Inf"], counts.buckets, strict=True):
        total += count
        yield "sluice_latency_seconds", f'sluice_latency_seconds_bucket{{{labels},le="{bound}"}} {total}'
    yield "sluice_latency_seconds", f"sluice_latency_seconds_sum{{{labels}}} {counts.latency_us / 1e6}"
    yield "sluice_latency_seconds", f"sluice_latency_seconds_count{{{labels}}} {total}"
