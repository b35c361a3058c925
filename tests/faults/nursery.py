"""Keeps the control process alive, as a supervisor does, but by forking: `python -m tests.faults.nursery ...`.

A fresh interpreter needs seconds to import the Azure SDKs, a fork of one that has them needs milliseconds, and a proof
by killing hundreds of times cannot wait for seconds. What is forked is the functions host's own command line.

Before each life, the leases and partitions of the one before are freed, as their time-outs would do within a minute.
Each death is a line in `--lives`: process id and exit code, negative for a signal.
"""

import argparse
import importlib
import os
import signal
import sys
import time
from pathlib import Path

import certifi

from services import deciding
from tests.faults.adapters import TABLE

PRELOADED = (
    "azure.ai.ml",
    "azure.ai.ml.entities",
    "azure.identity.aio",
    "azure.core.rest._aiohttp",
    "azure.functions",
    "azure_functions_runtime",
    "infra.local.functions_host.__main__",
    "infra.local.functions_host.event_hubs.listener",
    "services.intake",
    *(f"services.{name}.reactions" for name in deciding()),
    "shared.adapters.notify.notifiers",
    *sorted({adapter.__module__ for adapter in TABLE.values()}),
    "shared.settings.control",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "werkzeug.wrappers",
)
RETRY_S = 0.1
HOST_STORAGE = "AzureWebJobsStorage"


def main() -> int:
    """Fork until SIGTERM; the child then gets it, too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lives", type=Path, required=True, help="where each death is written down")
    parser.add_argument("host", nargs=argparse.REMAINDER, help="arguments of infra.local.functions_host")
    chosen = parser.parse_args()
    for name in PRELOADED:
        importlib.import_module(name)
    # The Event Hubs SDK reads the authorities that it trusts for every connection, with TLS or without: 70 ms each.
    certifi.where = lambda: os.environ["REQUESTS_CA_BUNDLE"]
    stopping = False
    while not stopping:
        child = os.fork()
        if child == 0:
            live([part for part in chosen.host if part != "--"])
        stopping, code = watch(child)
        with chosen.lives.open("a") as lives:
            lives.write(f"{child} {code}\n")
        if code > 0:
            time.sleep(RETRY_S)  # it could not start, or gave up: not again at once
    return 0


def live(arguments: list[str]) -> None:
    """One life of the control process; does not return."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    free_what_the_dead_hold()
    host = importlib.import_module("infra.local.functions_host.__main__")
    sys.argv = ["functions_host", *arguments]
    try:
        host.main()
    finally:
        sys.stderr.flush()
    os._exit(0)


def watch(child: int) -> tuple[bool, int]:
    """Wait for the child's end; whether we were told to stop, and how it ended."""
    told: list[int] = []

    def stop(number: int, _: object) -> None:
        told.append(number)
        os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return bool(told), os.waitstatus_to_exitcode(status)


def free_what_the_dead_hold() -> None:
    """Give back partitions and timer locks; storage that is just being restarted is waited for."""
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobLeaseClient, BlobServiceClient

    while True:
        try:
            with BlobServiceClient.from_connection_string(os.environ[HOST_STORAGE], retry_total=0) as blobs:
                partitions = blobs.get_container_client("azure-webjobs-eventhub")
                for name in [name for name in partitions.list_blob_names() if "/ownership/" in name]:
                    partitions.delete_blob(name)
                hosts = blobs.get_container_client("azure-webjobs-hosts")
                for lock in hosts.list_blobs(name_starts_with="locks/"):
                    if lock.lease.state == "leased":
                        BlobLeaseClient(hosts.get_blob_client(lock.name)).break_lease(lease_break_period=0)
            return
        except AzureError:
            time.sleep(RETRY_S)


if __name__ == "__main__":
    sys.exit(main())
