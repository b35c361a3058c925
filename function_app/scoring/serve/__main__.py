"""Command line and wiring of the scoring app's own server."""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import uvloop

from services.scoring import FlushedByDoor
from services.scoring.answering.metrics import metrics_page
from shared.adapters.azure.event_hubs.sender import HubSender
from shared.adapters.onnx import check_providers
from shared.ports import Refused
from shared.settings.scoring import ScoringSettings

from .access_log import access_log
from .connection import Connection
from .limits import HttpLimits
from .listening import listening_socket
from .memory import share_one_arena
from .observing import Handled, Observer
from .offloop import OffLoop
from .ports import hubs_of, prepared_models
from .routes import Routes
from .server import Server
from .tracing import spans
from .wiring import scoring_instance
from .workers import supervise

# For the last lines and spans, after the last answer.
_FAREWELL_S = 3.0
# A thread beside the loop (a model's load, log lines) keeps the interpreter this long while the loop waits for it;
# Python's 5 ms are several requests' worth.
_THREADS_HOLD_S = 0.0005
_OF_EACH_WORKER = ("drain-seconds", "connections", "bodies-mb")


def main() -> int:
    share_one_arena()
    sys.setswitchinterval(_THREADS_HOLD_S)
    options = _options()
    settings = ScoringSettings.read()
    try:
        check_providers(settings.inference_providers)
    except Refused as refused:
        sys.exit(f"scoring cannot start; settings: INFERENCE_PROVIDERS: {refused}")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    bound = listening_socket(options.host, options.port, shared=options.workers > 1 or options.worker)
    if options.workers > 1:
        limits = [f"--{name}={getattr(options, name.replace('-', '_'))}" for name in _OF_EACH_WORKER]
        return supervise(options.workers, options.host, bound, limits, lambda: _write_ready(options.ready_file, bound))
    uvloop.run(_serve(settings, bound, options))
    return 0


async def _serve(settings: ScoringSettings, bound: socket.socket, options: argparse.Namespace) -> None:
    batching = FlushedByDoor[Connection]()
    sender = HubSender(hubs_of(settings))
    instance = scoring_instance(settings, lambda: batching, prepared_models(settings.model_cache), sender)
    working = [asyncio.create_task(each.run()) for each in instance.backgrounds]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = _watching(settings)
    routes = Routes(
        instance.scorer,
        lambda: metrics_page(
            instance.scorers, instance.captures, {name: each.dropped for name, each in watching.items()}
        ),
    )
    observer = Observer([each.offer for each in watching.values()]) if watching else None
    limits = HttpLimits(held_bytes=options.bodies_mb << 20, connections=options.connections)
    server = Server(instance.scorer, routes, limits, batching, options.drain_seconds, observer)
    await server.run(bound, stop.wait(), lambda: _write_ready(options.ready_file, bound))
    for background in instance.backgrounds:
        background.ask_to_stop()
    await asyncio.gather(*working)
    await sender.close()
    for each in watching.values():
        await asyncio.to_thread(each.stop, _FAREWELL_S)


def _watching(settings: ScoringSettings) -> dict[str, OffLoop[Handled]]:
    """What is told of each request and to whom, by the name of the counter of what is lost; running."""
    found: dict[str, OffLoop[Handled]] = {}
    if settings.access_log:
        found["sluice_access_log_dropped_total"] = access_log(sys.stdout.buffer)
    if settings.otel_exporter_otlp_endpoint:
        found["sluice_spans_dropped_total"] = spans()
    for each in found.values():
        each.start()
    return found


def _write_ready(path: Path | None, bound: socket.socket) -> None:
    if path is not None:
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps({"port": bound.getsockname()[1], "pid": os.getpid()}), encoding="utf-8")
        draft.replace(path)


def _options() -> argparse.Namespace:
    usual = HttpLimits()
    parser = argparse.ArgumentParser("serve", description="Serve models by the Open Inference Protocol v2 over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes on the same port (default: %(default)s)")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="written once it listens: port and pid as JSON")
    parser.add_argument(
        "--drain-seconds", type=float, default=0.5, help="to go on listening after SIGTERM (default: 0.5)"
    )
    parser.add_argument(
        "--connections", type=int, default=usual.connections, help="at once, in each process (default: %(default)s)"
    )
    parser.add_argument(
        "--bodies-mb",
        type=int,
        default=usual.held_bytes >> 20,
        help="for the unfinished bodies of all connections together, in each process (default: %(default)s)",
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
