"""Start the emulator: `python -m infra.local.azure_ml --config FILE --data DIR --port N --cert F --key F`."""

import argparse
import asyncio
import json
import logging
import os
import signal
import ssl
import sys
from pathlib import Path

from aiohttp import web
from pydantic import ValidationError

from infra.local.azure_ml import config, operator_app, workspace_app
from infra.local.azure_ml.emulator import Emulator
from infra.local.azure_ml.events.hub import HubSink


def main() -> int:
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("azure", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        settings = config.load(arguments.config)
    except ValidationError as error:
        for problem in error.errors(include_input=False):
            field = ".".join(map(str, problem["loc"])) or "configuration"
            print(f"{arguments.config}: {field}: {problem['msg']}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{arguments.config}: {error.strerror}", file=sys.stderr)
        return 2
    if arguments.ready_file:
        arguments.ready_file.unlink(missing_ok=True)  # one left by a killed process would be believed
    asyncio.run(_serve(arguments, settings))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.azure_ml", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="configuration, JSON")
    parser.add_argument("--data", type=Path, required=True, help="folder for state and jobs")
    parser.add_argument("--port", type=int, required=True, help="HTTPS port of the workspace; 0 picks one")
    parser.add_argument("--identity-port", type=int, required=True, help="HTTP port of identity and admin; 0 picks one")
    parser.add_argument("--cert", type=Path, required=True, help="certificate chain, PEM")
    parser.add_argument("--key", type=Path, required=True, help="private key, PEM")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--ready-file", type=Path, help="written when both ports answer")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, settings: config.Config) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sink = HubSink(settings.events.connection) if settings.events else None
    emulator = Emulator(settings, arguments.data.resolve(), sink)
    await emulator.start()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(arguments.cert, arguments.key)
    workspace = await _listen(workspace_app.create(emulator), arguments.host, arguments.port, tls)
    operator = await _listen(operator_app.create(emulator.state), arguments.host, arguments.identity_port, None)
    ready = {"port": _port(workspace), "identity_port": _port(operator), "pid": os.getpid()}
    print(f"Azure ML on https://localhost:{ready['port']}, identity on port {ready['identity_port']}", flush=True)
    if arguments.ready_file:
        _write_whole(arguments.ready_file, json.dumps(ready))
    await stop.wait()
    await asyncio.gather(workspace.cleanup(), operator.cleanup())
    await emulator.stop()


async def _listen(app: web.Application, host: str, port: int, tls: ssl.SSLContext | None) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=tls).start()
    return runner


def _port(runner: web.AppRunner) -> int:
    return int(runner.addresses[0][1])


def _write_whole(path: Path, text: str) -> None:
    """Whoever waits for the file never sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main())
