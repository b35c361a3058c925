"""`python -m function_app.jobs.test_deployment FOLDER`: serves a candidate on a free loopback port, for the suite only.

The package's files lie in FOLDER/package. What answers is the code that answers in production (`services.scoring`),
behind uvicorn and with bounded memory; the port is written to FOLDER/port once requests are taken.
"""

import argparse
import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from function_app.jobs.model_process import limit
from services.scoring import Answer, Scorer
from services.scoring.capture.buffer import CaptureBuffer
from services.scoring.model.loading import PackageLoader
from services.scoring.model.table import Table
from shared.adapters.clock import SystemClock
from shared.adapters.onnx import OnnxRuntime
from shared.events import PackageRef
from shared.ports import Refused

type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]


class FolderPackage:
    """The port `ModelPackages` over one folder, as far as loading needs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, digest: str, name: str) -> bytes:
        return await asyncio.to_thread((self._folder / name).read_bytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--package", required=True, help="reference to the package, JSON")
    parser.add_argument("--seconds", type=int, required=True, help="of processor time")
    parser.add_argument("--megabytes", type=int, required=True, help="of address space")
    arguments = parser.parse_args()
    limit(arguments.seconds, arguments.megabytes)
    try:
        asyncio.run(serve(arguments.folder, PackageRef.model_validate_json(arguments.package)))
    except Refused as refusal:
        sys.exit(str(refusal))


async def serve(folder: Path, package: PackageRef) -> None:
    """Until the process is ended; raises `Refused` for a package that production would not load."""
    scorer = Scorer(CaptureBuffer(SystemClock(), sampling=0.0))
    version = await PackageLoader(FolderPackage(folder / "package"), OnnxRuntime(threads=1)).load(package)
    scorer.table = Table.of(1, [(version, 100.0)])
    # Named as TCP, since only then does asyncio switch Nagle's algorithm off, which would cost 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    part = folder / "port.part"
    part.write_text(str(listener.getsockname()[1]))
    part.rename(folder / "port")
    config = uvicorn.Config(_application(scorer, version.name), log_level="error", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve(sockets=[listener])


def _application(scorer: Scorer, name: str) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
    """The two doors the suite calls, as an ASGI application."""

    async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path = scope["path"]
        if path == f"/v2/models/{name}/infer":
            answer = await scorer.infer(name, None, body)
        elif path == "/v2/health/ready":
            answer = scorer.ready()
        else:
            answer = Answer(404, b"{}")
        headers = [(key.encode(), value.encode()) for key, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return application


if __name__ == "__main__":
    main()
