"""`sluice explain`."""

from pathlib import Path
from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, opened
from function_app.operator.console import output, print_json, warn
from function_app.operator.explaining.graph import Graph
from function_app.operator.explaining.story import Story, tell
from function_app.operator.explaining.svg import as_svg
from function_app.operator.explaining.text import as_json, as_tree
from function_app.operator.ledger.reading import read_chains
from function_app.operator.running import NO, USAGE, run


def explain(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="An endpoint, a model as name:version, or an event id.")],
    as_json_: AsJson = False,
    svg: Annotated[Path | None, typer.Option(help="Also draw the chain into this file.", dir_okay=False)] = None,
    run_dir: RunDir = None,
) -> None:
    """Why is this live? What led to this, and what did it lead to? From the ledger's recorded events alone.

    Below each event stands what the services decided about it. Exit code 1 when a link of the chain is missing.
    """
    story = run(_story(run_dir, what))
    for each in story.unread:
        warn(f"not all of the ledger can be read: {each}; see `sluice ledger verify`")
    if as_json_:
        print_json(as_json(story))
    else:
        output().print(as_tree(story))
    if svg:
        _draw(story, svg)
    if story.missing:
        warn(f"sluice: a link is missing: {story.missing}")
        raise typer.Exit(NO)


async def _story(run_dir: Path | None, what: str) -> Story:
    async with opened(run_dir) as store:
        return tell(Graph(await read_chains(store.ledger)), what)


def _draw(story: Story, path: Path) -> None:
    try:
        path.write_text(as_svg(story), encoding="utf-8")
    except OSError as error:
        warn(f"sluice: --svg {path}: {error.strerror}")
        raise typer.Exit(USAGE) from error
