"""A story for the terminal and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from rich.tree import Tree

from function_app.operator.console import clean, short
from function_app.operator.explaining.story import Branch, Step, Story
from function_app.operator.explaining.words import details, told
from function_app.operator.ledger.views import effects_json


def as_tree(story: Story) -> Tree:
    tree = Tree(Text(clean(story.title), style="bold"))
    if story.earlier:
        _grow(tree.add(Text(clean(story.earlier.title), style="bold")), story.earlier)
    _grow(tree.add(Text(clean(story.heading), style="bold")) if story.heading else tree, story)
    if story.since:
        since = tree.add(Text("since then", style="bold"))
        for step in story.since:
            since.add(_text(step, follows=False))
    return tree


def _grow(tree: Tree, story: Story) -> None:
    tree.add(_begins(story))
    for step in story.way:
        last = tree.add(_text(step, follows=step is not story.way[0], subject=step.node is story.subject))
    _add(last, story.then)


def _begins(story: Story) -> Text:
    if story.begins.link == "missing":
        return Text(f"MISSING LINK: {clean(story.begins.why)}", style="bold red")
    return Text(f"begins with {clean(story.begins.why)}", style="dim")


def _text(step: Step, *, follows: bool, subject: bool = False) -> Text:
    """`follows`: from the step above it at the same depth, not from the one it hangs on."""
    text = Text(f"{'↳ ' if follows else ''}{step.node.moment:%m-%d %H:%M:%S} ", style="dim")
    text.append(clean(step.title), style="bold green" if subject else "bold not dim")
    text.append(f"  {clean(details(step.node.event))}", style="not dim").append(f"  {short(step.node.id)}")
    if step.link == "through Azure ML":
        text.append("  (through Azure ML)", style="cyan not dim")
    for line in told(step):
        text.append(f"\n{clean(line)}")
    return text


def _add(tree: Tree, branches: Sequence[Branch]) -> None:
    for branch in branches:
        for step in branch.steps:
            last = tree.add(_text(step, follows=step is not branch.steps[0]))
        _add(last, branch.forks)


def as_json(story: Story) -> dict[str, Any]:
    return {
        "question": story.question,
        "answer": story.title,
        "subject": story.subject.id,
        "begins": {"link": story.begins.link, "of": story.begins.of, "why": story.begins.why},
        "missing": story.missing,
        "way": [_step_json(step) for step in story.way],
        "then": [_branch_json(branch) for branch in story.then],
        "earlier": as_json(story.earlier) if story.earlier else None,
        "since": [_step_json(step) for step in story.since],
        "unread": list(story.unread),
    }


def _step_json(step: Step) -> dict[str, Any]:
    node = step.node
    return {
        "event_ids": [each.id for each in step.nodes],
        "type": node.type,
        "time": node.event.get("time"),
        "link": step.link,
        "published_by": node.published_by,
        "data": node.data,
        "decisions": [
            {"service": each.entry.service, "policy": each.entry.policy, "effects": effects_json(each)}
            for each in node.decisions
        ],
    }


def _branch_json(branch: Branch) -> dict[str, Any]:
    steps = [_step_json(step) for step in branch.steps]
    return {"steps": steps, "then": [_branch_json(fork) for fork in branch.forks]}
