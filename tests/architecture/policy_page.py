"""Writes the tables of docs/policy.md, and docs/policy.schema.json: `python -m tests.architecture.policy_page`."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from services import deciding
from shared.packages import CheckLimits
from shared.policies import OwnJob
from shared.policies.personas import PERSONAS
from shared.policies.schema import policy_schema
from shared.policies.section import sections
from tests.architecture.tree import ROOT

PAGE, SCHEMA = ROOT / "docs" / "policy.md", ROOT / "docs" / "policy.schema.json"
# `<!-- limits of drift -->` and whatever follows it up to the next empty line.
_TABLE = re.compile(r"<!-- (limits of|personas)( \S+)? -->\n(?:.+\n)*")


def page(text: str) -> str:
    """The page with its tables made anew."""
    deciding()
    return _TABLE.sub(lambda found: f"{found[0].splitlines()[0]}\n{_table(found[2])}\n", text)


def named(text: str) -> set[str]:
    """The sections that the page has a table of."""
    return {found[2].strip() for found in _TABLE.finditer(text) if found[2]}


def schema() -> str:
    deciding()
    return json.dumps(policy_schema(), indent=2) + "\n"


def _table(name: str | None) -> str:
    if name is None:
        rows = [f"| `{key}` | {each.title} | {each.kind} |" for key, each in PERSONAS.items()]
        return "\n".join(["| name | persona | type |", "| --- | --- | --- |", *rows])
    return "\n".join(["| field | default | |", "| --- | --- | --- |", *_rows(_models()[name.strip()])])


def _models() -> dict[str, type[BaseModel]]:
    steps: Any = sections()["promotion"].model_fields["steps"].annotation
    return {**sections(), "staging.suite": CheckLimits, "promotion.steps": steps.__args__[0]}


def _rows(model: type[BaseModel]) -> Iterator[str]:
    usual = model.usual if issubclass(model, OwnJob) else {}
    for name, field in model.model_fields.items():
        default = _default(name, field)
        if name in usual:
            default = f"{_shown(name, usual[name])}, unless `jobs` says otherwise"
        yield f"| `{name}` | {default} | {field.description or ''} |"


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.default
    if value is None or value in ((), {}) or isinstance(value, BaseModel):
        return "below" if isinstance(value, BaseModel) else "none"
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return ", ".join(f"{step.share:g} %" for step in value)
    return _shown(name, value)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, str):
        return f"`{value}`"
    days = timedelta(seconds=value).days if name.endswith("_s") else 0
    number = f"{value:,.10g}" if value >= 10_000 else f"{value:.10g}"
    return f"{number} ({days} day{'s' if days > 1 else ''})" if days else number


def write() -> None:
    PAGE.write_text(page(PAGE.read_text()))
    SCHEMA.write_text(schema())


if __name__ == "__main__":
    write()
