"""A step in few words: what its event is about, and what the services decided about it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from function_app.operator.explaining.graph import Node
from function_app.operator.explaining.story import Step
from function_app.operator.ledger.views import effect_name, outcome
from shared.ports import Progress

_LONGEST_DETAIL = 240
_NOTHING = "nothing to do"
_DIGITS = re.compile(r"([0-9a-f]{8})[0-9a-f]{24,}")


def details(node: Node) -> str:
    """What the event is about, in few words of its own data."""
    data = node.data
    parts = [_model(data), *(str(data[name]) for name in ("verdict", "status", "signal", "key") if data.get(name))]
    parts += [f"{data['share']:g} % of the requests"] if isinstance(data.get("share"), int | float) else []
    parts += [f"by {data['approver']}"] if data.get("approver") else []
    parts += [f"asked for by {who}"] if (who := _requester(node)) else []
    parts += [f"columns {', '.join(map(str, data['columns']))}"] if data.get("columns") else []
    parts += [f"generation {data['generation']}"] if data.get("generation") is not None else []
    parts += [f"job {_short_name(data['job'])}"] if data.get("job") else []
    parts += [f"window of {str(_get(data, 'window', 'start'))[:10]}"] if data.get("window") else []
    parts += [_proof(data)] if isinstance(data.get("proofs"), list | tuple) else []
    parts += [str(data["reason"])] if data.get("reason") else []
    text = "; ".join(part for part in parts if part)
    return text if len(text) <= _LONGEST_DETAIL else f"{text[: _LONGEST_DETAIL - 1]}…"


def _requester(node: Node) -> str:
    """Said where it was asked for, not again of all that followed."""
    return str(node.data.get("requested_by") or "") if node.type.endswith(".requested") else ""


def _model(data: Any) -> str:
    found = next((text for name in ("candidate", "package", "") if (text := _named(data, name))), "")
    restored = _named(data, "restored")
    return f"{found} taken back for {restored}" if restored else found or str(data.get("model_name") or "")


def _named(data: Any, package: str) -> str:
    model = _get(data, package, "model") if package else _get(data, "model")
    return f"{model.get('name')}:{model.get('version')}" if isinstance(model, dict) else ""


def _proof(data: Mapping[str, Any]) -> str:
    """How a rollback proved that what was restored answers as it should."""
    proofs: Sequence[Any] = data["proofs"]
    rows = min((int(_get(proof, "rows") or 0) for proof in proofs), default=0)
    furthest = max((float(_get(proof, "distance") or 0) for proof in proofs), default=0.0)
    instances = f"{len(proofs)} instance" + ("" if len(proofs) == 1 else "s")
    return f"proven on {instances} in {data.get('seconds', 0):.1f} s: {rows} golden rows, distance {furthest:g}"


def _get(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _short_name(job: Any) -> str:
    """Names made of a digest are known by its beginning, as ids are."""
    return _DIGITS.sub(r"\1", str(_get(job, "name") or job))


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


def told(step: Step) -> list[str]:
    """What the services decided about this step. Who had nothing to do is named only where nobody had anything.

    Of a run of reminders: what came of the last one, and of those before it what was more than to look again.
    """
    lines = [decided(progress) for progress in step.node.decisions]
    before = [decided(progress) for node in step.nodes[:-1] for progress in node.decisions if not _only_waits(progress)]
    return [*before, *([line for line in lines if not line.endswith(_NOTHING)] or lines)]


def _only_waits(progress: Progress) -> bool:
    return all(effect.get("kind") == "remind_at" for effect in progress.entry.effects)
