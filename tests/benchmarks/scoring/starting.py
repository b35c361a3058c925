"""Cold starts, and memory once warm: ours and the floor's in turns, each alone."""

from tests.benchmarks.scoring.cells import CELLS, server_of, shape_of
from tests.benchmarks.scoring.figures import Figures
from tests.benchmarks.scoring.load import run
from tests.benchmarks.scoring.servers import Server, sluice

SERVERS = ("sluice", "floor_score")


def cold_starts(settings: dict[str, str], rounds: int, found: Figures) -> None:
    cell = CELLS["json1_c1"]
    with Server(sluice(settings), shape_of("sluice", cell)) as server:
        print(f"first start with an empty model cache: {server.cold_s:.2f} s; later ones find the model prepared")
    for index in range(rounds):
        for name in SERVERS:
            peer = server_of(name, cell.model, settings)
            if peer is None:
                continue
            shape = shape_of(name, cell)
            with Server(peer, shape) as server:
                run(server.port, shape, 4, 1)
                found[name]["cold_s"].append(server.cold_s)
                found[name]["memory_mb"].append(server.memory_mb)
                print(f"start {index} {name:12s} {server.cold_s:5.2f} s  {server.memory_mb:5.1f} MB", flush=True)
