"""A step in few words: what its event is about, and what the services decided about it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from function_app.operator.explaining.story import Step
from function_app.operator.ledger.views import effect_name, outcome
from shared.events import Unreadable, read_fact
from shared.ports import Progress

_LONGEST_DETAIL = 240
_NOTHING = "nothing to do"


def details(event: Mapping[str, Any]) -> str:
    """What a CloudEvent of the catalogue says, in its class's words; of any other its reason, where it gives one."""
    try:
        said = read_fact(event).words()
    except Unreadable:
        data = event.get("data")
        reason = data.get("reason") if isinstance(data, Mapping) else None
        said = (reason,) if isinstance(reason, str) else ()
    text = "; ".join(part for part in said if part)
    return text if len(text) <= _LONGEST_DETAIL else f"{text[: _LONGEST_DETAIL - 1]}…"


def decided(progress: Progress) -> str:
    """`service: effect, effect ×2 (refused: why)`."""
    effects: Counter[str] = Counter()
    for index, effect in enumerate(progress.entry.effects):
        mark = progress.marks.get(index)
        became = outcome(mark, progress.settled)
        reason = f": {mark.reason}" if mark and mark.reason else ""
        effects[_effect(effect) + ("" if became == "performed" else f" ({became}{reason})")] += 1
    counted = [f"{name} ×{times}" if times > 1 else name for name, times in effects.items()]
    return f"{progress.entry.service}: {', '.join(counted) or _NOTHING}"


def _effect(effect: Mapping[str, Any]) -> str:
    """A canary step says how far it goes."""
    share = _get(effect, "data", "event", "data", "share")
    return effect_name(effect) + (f" to {share:g} %" if isinstance(share, int | float) else "")


def _get(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def told(step: Step) -> list[str]:
    """What the services decided about this step. Who had nothing to do is named only where nobody had anything.

    Of a run of reminders: what came of the last one, and of those before it what was more than to look again.
    """
    lines = [decided(progress) for progress in step.node.decisions]
    before = [decided(progress) for node in step.nodes[:-1] for progress in node.decisions if not _only_waits(progress)]
    return [*before, *([line for line in lines if not line.endswith(_NOTHING)] or lines)]


def _only_waits(progress: Progress) -> bool:
    return all(effect.get("kind") == "remind_at" for effect in progress.entry.effects)
