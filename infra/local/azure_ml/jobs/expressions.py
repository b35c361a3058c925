"""Expressions of commands and pipelines: `${{inputs.x}}`, `${{parent.jobs.s.outputs.y}}`, `$[[ optional parts ]]`."""

import re
from collections.abc import Mapping

_COMMAND = re.compile(r"\$\{\{\s*(inputs|outputs)\.([A-Za-z0-9_.]+?)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_PARENT_INPUT = re.compile(r"^\$\{\{\s*parent\.inputs\.([A-Za-z0-9_.]+?)\s*\}\}$")
_STEP_OUTPUT = re.compile(r"^\$\{\{\s*parent\.jobs\.([A-Za-z0-9_]+)\.outputs\.([A-Za-z0-9_]+)\s*\}\}$")
_PARENT_OUTPUT = re.compile(r"^\$\{\{\s*parent\.outputs\.([A-Za-z0-9_]+)\s*\}\}$")


def render(command: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The command with its values; raises `KeyError` naming a required value that is missing."""

    def optional(match: re.Match[str]) -> str:
        wanted = _COMMAND.findall(match[1])
        present = all(name in (inputs if kind == "inputs" else outputs) for kind, name in wanted)
        return match[1] if present else ""

    def filled(match: re.Match[str]) -> str:
        values = inputs if match[1] == "inputs" else outputs
        if match[2] not in values:
            raise KeyError(f"{match[1]}.{match[2]}")
        return values[match[2]]

    return _COMMAND.sub(filled, _OPTIONAL.sub(optional, command))


def parent_input(text: str) -> str | None:
    """The pipeline input that a step's input is bound to."""
    match = _PARENT_INPUT.match(text)
    return match[1] if match else None


def step_output(text: str) -> tuple[str, str] | None:
    """The (step, output) that a step's input is bound to."""
    match = _STEP_OUTPUT.match(text)
    return (match[1], match[2]) if match else None


def parent_output(text: str) -> str | None:
    """The pipeline output that a step's output becomes."""
    match = _PARENT_OUTPUT.match(text)
    return match[1] if match else None
