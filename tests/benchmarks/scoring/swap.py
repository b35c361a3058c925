"""A switch to a model of 5 MB while wrk keeps the server busy: nothing may fail, and nobody may wait for long."""

import json
import os
from itertools import count
from statistics import median
from threading import Thread
from time import monotonic
from urllib.request import urlopen

from tests.benchmarks.scoring.cells import INFER
from tests.benchmarks.scoring.environments import models
from tests.benchmarks.scoring.figures import Figures
from tests.benchmarks.scoring.load import Sample, Shape, run
from tests.benchmarks.scoring.packages import package, padded
from tests.benchmarks.scoring.servers import Server, sluice
from tests.benchmarks.scoring.system import serve

_SIZE = 5 << 20
_WITHIN_S = 60
_numbers = count(2)


def swap_under_load(settings: dict[str, str], found: Figures) -> None:
    """Seconds of load one after the other; all from the manifest's change to the one after the switch count.

    The download, the optimisation and the warm-up fall into them. A package is new each time, so nothing is prepared.
    """
    number = str(next(_numbers))
    shape = Shape(INFER, models() / "payloads/tabular_b1.v2")
    body = padded((models() / "tabular.onnx").read_bytes(), _SIZE + os.getpid() % 1000 + int(number))
    files = package(body)
    with Server(sluice(settings), shape) as server:
        run(server.port, shape, 32, 1)
        normal = [run(server.port, shape, 32, 1) for _ in range(3)]
        swap = Thread(target=serve, args=(settings["SLUICE_STORAGE"], settings["SERVING_ENDPOINT"], files, number))
        swap.start()
        during: list[Sample] = []
        began = monotonic()
        while not _serves(server.port, number) and monotonic() - began < _WITHIN_S:
            during.append(run(server.port, shape, 32, 1))
        during.append(run(server.port, shape, 32, 1))
        swap.join()
        switched = _serves(server.port, number)
    ours = found["sluice"]
    ours["swap_failed"].append(sum(each.errors for each in during) if switched else float("inf"))
    ours["normal_failed"].append(sum(each.errors for each in normal))
    ours["normal_p99"].append(median(each.p99_us for each in normal))
    ours["swap_p99"].append(max(each.p99_us for each in during))
    print(f"swap to version {number}: {len(during)} s, failed {ours['swap_failed'][-1]}, "
          f"p99 {[e.p99_us for e in during]} beside {[e.p99_us for e in normal]} us", flush=True)  # fmt: skip


def _serves(port: int, number: str) -> bool:
    with urlopen(f"http://127.0.0.1:{port}/v2/models/m") as response:
        return number in json.loads(response.read())["versions"]
