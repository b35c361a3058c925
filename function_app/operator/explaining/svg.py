"""A story as one self-contained SVG: a box for each step, from the first cause down; no script, no outside font."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from xml.etree import ElementTree as ET

from function_app.operator.console import clean, short
from function_app.operator.explaining.story import Branch, Step, Story
from function_app.operator.explaining.words import details, told

_WIDTH, _HEIGHT, _GAP, _INDENT, _TOP = 620, 62, 22, 36, 54
_LINE_CHARACTERS = 92
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b2733}.t{font-weight:600;font-size:13px}.d{fill:#5a6b7b}"
    "rect{fill:#fff;stroke:#9fb3c8}.subject{fill:#e6f6ec;stroke:#2f9e5b;stroke-width:2}"
    ".missing{fill:#fdecea;stroke:#c0392b;stroke-width:2}path{fill:none;stroke:#7b8fa3}.azure{stroke-dasharray:5 4}"
)


@dataclass(frozen=True, slots=True)
class _Box:
    """`parent` is the index of the box above that led to it."""

    title: str
    lines: Sequence[str]
    depth: int
    parent: int | None
    kind: str = ""
    dashed: bool = False


def as_svg(story: Story) -> str:
    boxes = _boxes(story)
    width = _WIDTH + _INDENT * max(box.depth for box in boxes) + 40
    height = _TOP + len(boxes) * (_HEIGHT + _GAP)
    size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
    ET.SubElement(root, "title").text = clean(story.title)
    ET.SubElement(root, "style").text = _STYLE
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "style": "fill:#f7f9fb;stroke:none"})
    _write(root, 20, 32, clean(story.title), "t")
    for index, box in enumerate(boxes):
        _draw(root, boxes, index, box)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _boxes(story: Story) -> list[_Box]:
    """Two ways stand one below the other: how it had come to be live, and why it is again."""
    boxes: list[_Box] = []
    if story.earlier:
        _add_way(boxes, story.earlier, story.earlier.title)
    _add_way(boxes, story, story.heading)
    if story.since:
        boxes.append(_Box("Since then", [], 0, None, "origin"))
        above = len(boxes) - 1
        boxes += [_box(step, 1, above) for step in story.since]
    return boxes


def _add_way(boxes: list[_Box], story: Story, heading: str) -> None:
    kind = "missing" if story.begins.link == "missing" else "origin"
    title = "Missing link" if kind == "missing" else "Begins with"
    boxes.append(_Box(f"{clean(heading)}. {title}" if heading else title, [clean(story.begins.why)], 0, None, kind))
    for step in story.way:
        boxes.append(_box(step, 0, len(boxes) - 1, "subject" if step.node is story.subject else ""))
    _add(boxes, story.then, 1)


def _add(boxes: list[_Box], branches: Sequence[Branch], depth: int) -> None:
    parent = len(boxes) - 1
    for branch in branches:
        above = parent
        for step in branch.steps:
            boxes.append(_box(step, depth, above))
            above = len(boxes) - 1
        _add(boxes, branch.forks, depth + 1)


def _box(step: Step, depth: int, parent: int, kind: str = "") -> _Box:
    node = step.node
    title = f"{clean(step.title)}   {node.moment:%Y-%m-%d %H:%M:%S}   {short(node.id)}"
    lines = [clean(details(node.event)), clean(" · ".join(told(step)))]
    return _Box(title, lines, depth, parent, kind, step.link == "through Azure ML")


def _draw(root: ET.Element, boxes: Sequence[_Box], index: int, box: _Box) -> None:
    x, y = _place(box, index)
    if box.parent is not None:
        _, above = _place(boxes[box.parent], box.parent)
        indented = box.depth > boxes[box.parent].depth
        start = f"M{x - _INDENT / 2:g} {above + _HEIGHT}" if indented else f"M{x + 16} {above + _HEIGHT}"
        end = f"V{y + 20} H{x}" if indented else f"V{y}"
        ET.SubElement(root, "path", {"d": f"{start} {end}", **({"class": "azure"} if box.dashed else {})})
    frame = {"x": str(x), "y": str(y), "width": str(_WIDTH), "height": str(_HEIGHT), "rx": "6"}
    ET.SubElement(root, "rect", {**frame, **({"class": box.kind} if box.kind else {})})
    _write(root, x + 10, y + 19, box.title, "t")
    for number, line in enumerate(_fitting(box.lines)):
        _write(root, x + 10, y + 37 + 16 * number, line, "d")


def _fitting(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line:
            yield shorten(line, _LINE_CHARACTERS, placeholder=" …")


def _place(box: _Box, index: int) -> tuple[int, int]:
    return 20 + _INDENT * box.depth, _TOP + index * (_HEIGHT + _GAP)


def _write(root: ET.Element, x: int, y: int, text: str, style: str) -> None:
    ET.SubElement(root, "text", {"x": str(x), "y": str(y), "class": style}).text = text
