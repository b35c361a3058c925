"""`sluice explain`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from function_app.operator.connections import AsJson, RunDir, opened
from function_app.operator.console import output, print_json, say, warn
from function_app.operator.explaining.searching import explained
from function_app.operator.explaining.story import Story, nodes_of
from function_app.operator.explaining.svg import as_svg
from function_app.operator.explaining.text import as_json, as_tree
from function_app.operator.running import NO, USAGE, run
from function_app.operator.standing.words import pending_json, pending_words
from shared.ports import Waiting

_MOST_PENDING = 1000


def explain(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="An endpoint, a model as name:version, or an event id.")],
    as_json_: AsJson = False,
    svg: Annotated[Path | None, typer.Option(help="Also draw the chain into this file.", dir_okay=False)] = None,
    run_dir: RunDir = None,
) -> None:
    """Why is this live? What led to this, and what did it lead to? From the ledger's recorded events alone.

    Below each event stands what the services decided about it. Exit code 1 when a link of the chain is missing.
    """
    story, pending = run(_story(run_dir, what))
    for each in story.unread:
        warn(f"not all of the ledger can be read: {each}; see `sluice ledger verify`")
    if as_json_:
        print_json({**as_json(story), "pending": [pending_json(each) for each in pending]})
    else:
        output().print(as_tree(story))
        for waiting in pending:
            say(Text.assemble(("pending ", "bold yellow"), pending_words(waiting, datetime.now(UTC))))
    if svg:
        _draw(story, svg)
    if story.missing:
        warn(f"sluice: a link is missing: {story.missing}")
        raise typer.Exit(NO)


async def _story(run_dir: Path | None, what: str) -> tuple[Story, Sequence[Waiting]]:
    """And what of it still waits."""
    async with opened(run_dir) as store:
        story = await explained(store.ledger, what, store.archive)
        ids = {node.id for node in nodes_of(story)}
        return story, [each for each in await store.ledger.pending(_MOST_PENDING) if _belongs(each, ids)]


def _belongs(waiting: Waiting, ids: set[str]) -> bool:
    """To the story with these events: one of them waits, or what followed from one."""
    return waiting.event_id in ids or waiting.event.get("causationid") in ids


def _draw(story: Story, path: Path) -> None:
    try:
        path.write_text(as_svg(story), encoding="utf-8")
    except OSError as error:
        warn(f"sluice: --svg {path}: {error.strerror}")
        raise typer.Exit(USAGE) from error
