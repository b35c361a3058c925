"""Counts of this instance as Prometheus reads them."""

from collections.abc import Iterator

from services.scoring.answers import Answer
from services.scoring.capture import CaptureBuffer
from services.scoring.scorer import Scorer
from services.scoring.statistics import BOUNDS_US
from services.scoring.version import Version

_TEXT = (("content-type", "text/plain; version=0.0.4; charset=utf-8"),)
_TYPES = {
    "sluice_generation": "gauge",
    "sluice_requests_total": "counter",
    "sluice_rows_total": "counter",
    "sluice_errors_total": "counter",
    "sluice_latency_seconds": "histogram",
    "sluice_capture_waiting_rows": "gauge",
    "sluice_capture_overflowed_rows_total": "counter",
    "sluice_mirrored_left_out_total": "counter",
}


def metrics_page(scorer: Scorer, capture: CaptureBuffer) -> Answer:
    samples = [
        ("sluice_generation", f"sluice_generation {scorer.table.generation}"),
        ("sluice_capture_waiting_rows", f"sluice_capture_waiting_rows {capture.waiting_rows}"),
        ("sluice_capture_overflowed_rows_total", f"sluice_capture_overflowed_rows_total {capture.overflowed_rows}"),
    ]
    samples.append(("sluice_mirrored_left_out_total", f"sluice_mirrored_left_out_total {scorer.mirrored_left_out}"))
    for version in scorer.table.versions:
        samples += _of_version(version)
    lines = []
    for name, kind in _TYPES.items():  # all samples of a metric stand together, as the format asks
        lines.append(f"# TYPE {name} {kind}")
        lines += [line for metric, line in samples if metric == name]
    return Answer(200, ("\n".join(lines) + "\n").encode(), _TEXT)


def _of_version(version: Version) -> Iterator[tuple[str, str]]:
    counts = version.statistics
    labels = f'model="{version.name}",version="{version.number}"'
    yield "sluice_requests_total", f"sluice_requests_total{{{labels}}} {counts.requests}"
    yield "sluice_rows_total", f"sluice_rows_total{{{labels}}} {counts.rows}"
    for kind, count in dict(counts.errors).items():
        yield "sluice_errors_total", f'sluice_errors_total{{{labels},kind="{kind}"}} {count}'
    total = 0
    for bound, count in zip([*(each / 1e6 for each in BOUNDS_US), "+Inf"], counts.buckets, strict=True):
        total += count
        yield "sluice_latency_seconds", f'sluice_latency_seconds_bucket{{{labels},le="{bound}"}} {total}'
    yield "sluice_latency_seconds", f"sluice_latency_seconds_sum{{{labels}}} {counts.latency_us / 1e6}"
    yield "sluice_latency_seconds", f"sluice_latency_seconds_count{{{labels}}} {total}"
