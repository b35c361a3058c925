"""Several server processes on one port: the kernel shares out the connections (SO_REUSEPORT)."""

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

logger = logging.getLogger("sluice.scoring")

_RESTART_S = 1.0


def supervise(count: int, host: str, bound: socket.socket, limits: Sequence[str], ready: Callable[[], None]) -> int:
    """Start the workers, replace those that end, and end them all on SIGTERM; the exit code is the worst of theirs.

    `limits` are the options that each of them is given. `bound` reserves the port and never listens, so no connection
    is ever given to this process.
    """
    arguments = ["--host", host, "--port", str(bound.getsockname()[1]), *limits, "--worker"]
    command = [sys.executable, "-m", __package__ or "serve", *arguments]
    workers = [subprocess.Popen(command) for _ in range(count)]
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopping.append(number))
    ready()
    while not stopping:
        time.sleep(0.2)  # a child that ends wakes nobody; a signal does
        for index, worker in enumerate(workers):
            if worker.poll() is not None and not stopping:
                logger.error("worker %d ended with %s", worker.pid, worker.returncode)
                time.sleep(_RESTART_S)  # one that dies at once is not started without end
                workers[index] = subprocess.Popen(command)
    for worker in workers:
        worker.terminate()
    return max(abs(worker.wait()) for worker in workers)
