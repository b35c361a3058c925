"""One cell after the other: all its servers are up, and are asked in turns, in short rounds."""

from contextlib import ExitStack

from tests.benchmarks.scoring.cells import CELLS, DOOR_CELLS, Cell, server_of, shape_of
from tests.benchmarks.scoring.figures import Figures
from tests.benchmarks.scoring.load import Sample, run
from tests.benchmarks.scoring.servers import Server


def measure(name: str, settings: dict[str, dict[str, str]], rounds: int, seconds: int, found: Figures) -> None:
    """Ratios are taken between servers asked within the same seconds, whatever else the machine does meanwhile."""
    cell = (CELLS | DOOR_CELLS)[name]
    with ExitStack() as stack:
        servers = _started(stack, cell, settings[cell.model])
        for index in range(rounds):
            for server in servers:
                _ask(server, name, cell, seconds, index, found)


def _started(stack: ExitStack, cell: Cell, settings: dict[str, str]) -> list[Server]:
    servers = []
    for name in cell.servers:
        peer = server_of(name, cell.model, settings)
        if peer is not None:
            servers.append(stack.enter_context(Server(peer, shape_of(name, cell))))
            servers[-1].rest()
    return servers


def _ask(server: Server, cell_name: str, cell: Cell, seconds: int, index: int, found: Figures) -> None:
    """What comes first is not measured: the server wakes, and what it captures begins to leave at its usual pace."""
    name, shape = server.peer.name, shape_of(server.peer.name, cell)
    server.wake()
    run(server.port, shape, cell.connections, 1)
    began = server.cpu_s
    sample = run(server.port, shape, cell.connections, seconds)
    cpu_us = (server.cpu_s - began) * 1e6 / max(1.0, sample.requests_s * seconds)
    lost = server.settle()
    server.rest()
    _note(name, cell_name, sample, cpu_us, found)
    latency = f"p50 {sample.p50_us:6.0f}  p99 {sample.p99_us:6.0f} us"
    load = f"{sample.requests_s:8.0f} req/s  {latency}  cpu {cpu_us:6.1f} us/request  errors {sample.errors}"
    print(f"{cell_name:14s} {index:2d} {name:18s} {load}{f'  capture lost {lost} rows' if lost else ''}", flush=True)


def _note(name: str, cell_name: str, sample: Sample, cpu_us: float, found: Figures) -> None:
    """A round in which a server answered with errors counts for nothing; it stays, for ratios go by rounds."""
    is_good = not sample.errors
    found[name][f"{cell_name}_rps"].append(sample.requests_s if is_good else 0.0)
    found[name][f"{cell_name}_p50"].append(sample.p50_us if is_good else float("inf"))
    found[name][f"{cell_name}_p99"].append(sample.p99_us if is_good else float("inf"))
    found[name][f"{cell_name}_cpu_us"].append(cpu_us)
