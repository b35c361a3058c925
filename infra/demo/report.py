"""How the run ends: the causal chain in words and times, figures, and `story.json` for who wants to check them."""

import json
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.demo.chain import about, by_id, closure, way_to
from infra.demo.observer import CloudEvent, Observer
from infra.demo.story import Story
from infra.demo.traffic import Traffic


def show_chain(console: Console, title: str, event: CloudEvent, observer: Observer) -> None:
    way = way_to(event, by_id(observer))
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("after", "what happened", "about"):
        table.add_column(column, overflow="fold", justify="right" if column == "after" else "left")
    start = moment(way[0])
    for step in way:
        table.add_row(f"{(moment(step) - start).total_seconds():.1f} s", step["type"], Text(about(step)))
    console.print(table)


def moment(event: CloudEvent) -> datetime:
    return datetime.fromisoformat(event["time"])


def figures(observer: Observer, traffic: Traffic, seconds: float) -> dict[str, int | float]:
    """Counted at the receivers: what came out of the hubs and what the scoring app answered."""
    lost = sum(event["data"]["rows"] for event in observer.all("capture.lost", "predictions"))
    captured = sum(len(event["data"]["keys"]) for event in observer.all("predictions.captured", "predictions"))
    gone = sum(event["data"]["last"] - event["data"]["first"] + 1 for event in observer.all("events.lost"))
    return {
        "events": sum(observer.messages.values()),
        "decisions of people": len(observer.all("approval.decided", "decisions")),
        "flights scored": traffic.rows,
        "requests failed": traffic.failures,
        "rows captured": captured,
        "captures lost": lost,
        "labels sent": traffic.labels,
        "windows measured": len(observer.all("drift.measured")),
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
