"""`python -m infra.local.eventhubs`: the command line of the server."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local.eventhubs.config import ConfigError, load_config
from infra.local.eventhubs.identities import load_identities
from infra.local.eventhubs.sas import load_keys
from infra.local.eventhubs.server import Settings, Tls
from infra.local.eventhubs.serving import serving
from infra.local.eventhubs.storage import durability
from infra.local.eventhubs.storage.partition_log import Retention
from infra.local.eventhubs.storage.records import Corrupt

_MIB = 1024 * 1024


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.eventhubs",
        description="An Event Hubs server for one machine (AMQP 1.0). SIGTERM or SIGINT stop it cleanly.",
        epilog=f"fsync policies:\n\n{(durability.__doc__ or '').partition(chr(10))[2].strip()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, help="Config.json of the official emulator's schema")
    parser.add_argument(
        "--data", type=Path, required=True, help="directory of the logs; endpoint.json is written there"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5672, help="AMQP port, 0 picks one (default: %(default)s)")
    parser.add_argument("--http-port", type=int, default=5300, help="health and admin, 0 picks one (%(default)s)")
    parser.add_argument("--certificate", type=Path, help="PEM file; with it TLS and WebSockets are offered too")
    parser.add_argument("--certificate-key", type=Path, help="PEM file of the certificate's key")
    parser.add_argument("--tls-port", type=int, default=5671, help="AMQP over TLS, 0 picks one (%(default)s)")
    parser.add_argument("--websocket-port", type=int, default=443, help="AMQP over WebSockets and TLS (%(default)s)")
    parser.add_argument("--keys", type=Path, help="JSON list of name, key, hub, rights; verifies SAS tokens when given")
    parser.add_argument("--identities", type=Path, help="JSON of a tenant's identities; verifies their tokens if given")
    parser.add_argument("--fsync", choices=durability.POLICIES, default="interval", help="see below (%(default)s)")
    parser.add_argument(
        "--idle-timeout-s", type=float, default=240.0, help="silence that ends a connection (%(default)s)"
    )
    parser.add_argument("--segment-mib", type=float, default=64.0, help="size of a log segment (%(default)s)")
    parser.add_argument("--retention-mib", type=float, default=1024.0, help="kept per partition (%(default)s)")
    parser.add_argument("--retention-hours", type=float, default=168.0, help="age of what is kept (%(default)s)")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    retention = Retention(
        segment_bytes=int(arguments.segment_mib * _MIB),
        max_bytes=int(arguments.retention_mib * _MIB),
        max_age_ms=int(arguments.retention_hours * 3600 * 1000),
    )
    return Settings(
        hubs=load_config(arguments.config),
        data=arguments.data,
        host=arguments.host,
        port=arguments.port,
        http_port=arguments.http_port,
        tls=_tls(arguments),
        keys=load_keys(arguments.keys) if arguments.keys else None,
        identities=load_identities(arguments.identities) if arguments.identities else None,
        fsync=arguments.fsync,
        idle_timeout_s=arguments.idle_timeout_s,
        retention=retention,
    )


def _tls(arguments: argparse.Namespace) -> Tls | None:
    given = (arguments.certificate, arguments.certificate_key)
    if given == (None, None):
        return None
    if None in given:
        raise ConfigError("--certificate and --certificate-key belong together")
    return Tls(*given, port=arguments.tls_port, websocket_port=arguments.websocket_port)


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with serving(settings) as endpoint:
        host = settings.host
        amqp, http = f"{host}:{endpoint['port']}", f"http://{host}:{endpoint['http_port']}"
        print(f"Event Hubs ready: amqp={amqp} http={http} pid={endpoint['pid']}", flush=True)
        await stopped.wait()


def _event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's when it is installed: about a fifth faster here."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def main() -> int:
    """Serve until told to stop; exit code 2 for a mistake in configuration or data, 1 when a port is taken."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    arguments = _arguments().parse_args()
    try:
        settings = _settings(arguments)
        with asyncio.Runner(loop_factory=_event_loop()) as runner:
            runner.run(_serve(settings))
    except (ConfigError, Corrupt) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
