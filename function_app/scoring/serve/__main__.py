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

from services.scoring import Background, Scorer
from services.scoring.capture import CaptureBuffer
from services.scoring.metrics import metrics_page
from shared.adapters.clock import SystemClock
from shared.settings.scoring import ScoringSettings

from .limits import HttpLimits
from .ports import open_ports
from .routes import Routes
from .server import Server
from .workers import supervise


def main() -> int:
    options = _options()
    settings = ScoringSettings.read()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    bound = listening_socket(options.host, options.port, shared=options.workers > 1 or options.worker)
    if options.workers > 1:
        return supervise(options.workers, options.host, bound, lambda: _write_ready(options.ready_file, bound))
    uvloop.run(_serve(settings, bound, options))
    return 0


async def _serve(settings: ScoringSettings, bound: socket.socket, options: argparse.Namespace) -> None:
    capture = CaptureBuffer(SystemClock(), settings.capture_sampling, settings.capture_rows, settings.capture_features)
    scorer = Scorer(capture)
    # Unique among all starts: counts are per instance, and a restart begins again at zero.
    instance = f"{socket.gethostname().split('.')[0][:40]}-{os.urandom(6).hex()}"
    background = Background(settings.endpoint, instance, scorer, capture, lambda: open_ports(settings))
    working = asyncio.create_task(background.run())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = Server(scorer, Routes(scorer, lambda: metrics_page(scorer, capture)), HttpLimits(), options.drain_seconds)
    await server.run(bound, stop.wait(), lambda: _write_ready(options.ready_file, bound))
    background.ask_to_stop()
    await working


def listening_socket(host: str, port: int, shared: bool) -> socket.socket:
    """Bound, not yet listening; `shared` lets several processes have the same port."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((host, port))
    return found


def _write_ready(path: Path | None, bound: socket.socket) -> None:
    if path is not None:
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps({"port": bound.getsockname()[1], "pid": os.getpid()}), encoding="utf-8")
        draft.replace(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("serve", description="Serve models by the Open Inference Protocol v2 over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes on the same port (default: %(default)s)")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="written once it listens: port and pid as JSON")
    parser.add_argument(
        "--drain-seconds", type=float, default=0.5, help="to go on listening after SIGTERM (default: 0.5)"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
