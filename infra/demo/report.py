"""How the run ends: why this version is live, figures, and `story.json` for who wants to check them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.demo.chain import by_id, closure
from infra.demo.observer import Observer
from infra.demo.run import Run
from infra.demo.story import Story
from infra.demo.traffic import Traffic

_WIDTH = 100


def explain(console: Console, run: Run, drawing: Path) -> None:
    """Ask the product itself, as an operator would; raises `AssertionError` when a link of the chain is missing."""
    sluice = Path(sys.executable).parent / "sluice"
    command = [str(sluice), "explain", "flights", "--run-dir", str(run.folder), "--svg", str(drawing)]
    console.rule("sluice explain flights", align="left")
    console.file.flush()
    # On a terminal it looks for itself how wide that is.
    environment = os.environ | ({} if console.is_terminal else {"COLUMNS": str(_WIDTH)})
    ended = subprocess.run(command, env=environment, check=False)
    if ended.returncode:
        raise AssertionError(f"`{' '.join(command)}` ended with exit code {ended.returncode}")


async def all_captured(observer: Observer, traffic: Traffic) -> None:
    """Wait for the last rows on their way to the hub; the figures tell if any did not come."""
    await observer.until(lambda: captured(observer) >= traffic.rows, observer.patience_s)


def captured(observer: Observer) -> int:
    blocks = observer.all("predictions.captured", "predictions")
    return sum(part["count"] if isinstance(part, dict) else 1 for block in blocks for part in block["data"]["keys"])


def figures(observer: Observer, traffic: Traffic, seconds: float) -> dict[str, int | float]:
    """Counted at the receivers: what came out of the hubs and what the scoring app answered."""
    lost = sum(event["data"]["rows"] for event in observer.all("capture.lost", "predictions"))
    gone = sum(event["data"]["last"] - event["data"]["first"] + 1 for event in observer.all("events.lost"))
    return {
        "events": sum(observer.messages.values()),
        "decisions of people": len(observer.all("approval.decided", "decisions")),
        "flights scored": traffic.rows,
        "requests": traffic.requests,
        "of them answered by the slow candidate": traffic.answers["4"],
        "requests failed": traffic.failures,
        "rows captured": captured(observer),
        "captures lost": lost,
        "labels sent": traffic.labels,
        "windows measured": len(observer.all("drift.measured")),
        "promotions": len(observer.all("promotion.completed")),
        "rollbacks": len(observer.all("rollback.completed")),
        "events that came twice": observer.copies,
        "events lost": gone,
        "dead letters": len(observer.seen["dead-letter"]),
        "seconds": round(seconds, 1),
    }


def show_figures(console: Console, found: dict[str, int | float]) -> None:
    table = Table(title="Figures", title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for name, number in found.items():
        table.add_row(f"{number:,}", name)
    console.print(table)


def write(folder: Path, story: Story, found: dict[str, int | float]) -> Path:
    """Everything said on hub `events` and all that led to it, as read back from the hubs; figures beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(found, indent=1))
    path = folder / "story.json"
    known = by_id(story.observer)
    path.write_text(json.dumps(closure(story.observer.seen["events"], known), indent=1))
    return path
