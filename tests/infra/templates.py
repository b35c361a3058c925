"""Bicep files as data: pycep's objects for what they say, tree-sitter's nodes for how they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pycep
import tree_sitter
import tree_sitter_bicep

AZURE = Path(__file__).resolve().parents[2] / "infra" / "azure"
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))


@dataclass(frozen=True)
class Template:
    """One .bicep file, or a sample of one; `path` is relative to infra/azure."""

    path: str
    text: str
    content: dict[str, Any]

    @property
    def tree(self) -> tree_sitter.Node:
        return syntax(self.text)

    def section(self, name: str) -> dict[str, Any]:
        """`parameters`, `variables`, `resources`, `modules` or `outputs`, by symbolic name."""
        found: dict[str, Any] = self.content.get(name) or {}
        return found

    def parameters_of(self, module: str) -> dict[str, Any]:
        """What this file passes to one of its modules."""
        passed: dict[str, Any] = body(self.section("modules")[module]).get("params", {})
        return passed


def syntax(text: str) -> tree_sitter.Node:
    return _PARSER.parse(text.encode()).root_node


def template(text: str, path: str = "sample.bicep") -> Template:
    content: Any = pycep.BicepParser().parse(text=text)
    return Template(path, text, content)


@cache
def all_templates() -> dict[str, Template]:
    """Every template of the repository by its path."""
    files = sorted(AZURE.rglob("*.bicep"))
    return {str(file.relative_to(AZURE)): template(file.read_text(), str(file.relative_to(AZURE))) for file in files}


def changed(path: str, present: str, instead: str) -> Template:
    """The template with one piece of its text replaced: a bad sample as somebody might write it."""
    text = all_templates()[path].text
    assert present in text, f"{path} no longer says {present!r}"
    return template(text.replace(present, instead, 1), path)


def body(declaration: dict[str, Any]) -> dict[str, Any]:
    """The object of a resource or module, without its loop and condition."""
    config: dict[str, Any] = declaration["config"]
    while "loop_type" in config or set(config) == {"condition", "config"}:
        config = config["config"]
    return config


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """This node and all below it."""
    yield node
    for child in node.named_children:
        yield from nodes(child)


def content_of(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def accessed(value: Any) -> list[str]:
    """`a.b.c` as its names; a plain name or text as itself; nothing for any other expression."""
    if isinstance(value, str):
        return [value]
    operator = value.get("operator") if isinstance(value, dict) else None
    if not isinstance(operator, dict) or operator["type"] != "property_accessor":
        return []
    operands = operator["operands"]
    return accessed(operands["operand_1"]) + accessed(operands["operand_2"])


def names_in(value: Any) -> frozenset[str]:
    """Who is in a list of principals: `principals.control` is `control`, a parameter is its name."""
    if isinstance(value, list):
        return frozenset().union(*(names_in(item) for item in value))
    if isinstance(value, dict) and "function" in value:
        function = value["function"]
        assert function["type"] == "concat", f"{function['type']} is not expected in a list of principals"
        return frozenset().union(*(names_in(item) for item in function["parameters"].values()))
    path = accessed(value)
    assert path, f"{value!r} is not understood in a list of principals"
    return frozenset({path[-1]})
