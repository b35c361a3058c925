"""The way to one event and what followed, put in order for people: a run of reminders is one step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from function_app.operator.explaining.graph import Graph, Link, Node, Origin
from function_app.operator.explaining.subject import subject
from function_app.operator.ledger.views import effect_name, outcome, short_type
from shared.ports import Progress

_REMINDER = "mlops.deadline.reached"
_LONGEST_DETAIL = 160


@dataclass(frozen=True, slots=True)
class Step:
    """One event, or a run of reminders of the same kind; `link` ties the first of them to the step before."""

    nodes: Sequence[Node]
    link: Link

    @property
    def node(self) -> Node:
        return self.nodes[-1]

    @property
    def title(self) -> str:
        times = f" ×{len(self.nodes)}" if len(self.nodes) > 1 else ""
        return f"{short_type(self.node.type)}{times}"


@dataclass(frozen=True, slots=True)
class Branch:
    """Steps that followed one another, then all that followed the last of them at once."""

    steps: Sequence[Step]
    forks: Sequence["Branch"] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """`way` ends in the subject; `begins` says what stands before its first step."""

    question: str
    title: str
    subject: Node
    way: Sequence[Step]
    begins: Origin
    then: Sequence[Branch]
    unread: Sequence[str] = field(default=())

    @property
    def missing(self) -> str:
        """Which link is missing, empty when none is."""
        return self.begins.why if self.begins.link == "missing" else ""


def tell(graph: Graph, question: str) -> Story:
    """Raises `Unknown` when the ledger knows nothing by this name."""
    node, title = subject(graph, question)
    nodes, begins = graph.way_to(node)
    then = _forks(graph, [node], {each.id for each in nodes})
    return Story(question, title, node, _steps(graph, nodes), begins, then, graph.unread)


def _steps(graph: Graph, way: Sequence[Node]) -> list[Step]:
    runs: list[list[Node]] = []
    for node in way:
        if runs and _same_reminder(runs[-1][-1], node) and node is not way[-1]:
            runs[-1].append(node)
        else:
            runs.append([node])
    return [Step(run, graph.origin(run[0]).link) for run in runs]


def _same_reminder(before: Node, after: Node) -> bool:
    names = ("service", "about", "key")
    same = all(before.data.get(name) == after.data.get(name) for name in names)
    return before.type == after.type == _REMINDER and same


def _branch(graph: Graph, node: Node, seen: set[str]) -> Branch:
    """Follow `node` as long as one thing follows from another; `seen` ends circles."""
    steps: list[Step] = []
    while True:
        run, after = _run(graph, node, seen)
        steps.append(Step(run, graph.origin(run[0]).link))
        if len(after) != 1:
            return Branch(steps, [_branch(graph, each, seen) for each in after])
        node = after[0]


def _run(graph: Graph, node: Node, seen: set[str]) -> tuple[list[Node], list[Node]]:
    """`node` with the reminders of its kind that follow it, and everything else that followed any of them."""
    run, others = [node], list[Node]()
    seen.add(node.id)
    while True:
        after = [each for each in graph.consequences(run[-1]) if each.id not in seen]
        again = next((each for each in after if _same_reminder(run[-1], each)), None)
        others += [each for each in after if each is not again]
        if again is None:
            return run, others
        seen.add(again.id)
        run.append(again)


def _forks(graph: Graph, nodes: Sequence[Node], seen: set[str]) -> list[Branch]:
    after = [each for node in nodes for each in graph.consequences(node) if each.id not in seen]
    return [_branch(graph, each, seen) for each in after]


def details(node: Node) -> str:
    """What the event is about, in few words of its own data."""
    data = node.data
    parts = [_model(data), *(str(data[name]) for name in ("verdict", "status", "signal", "key") if data.get(name))]
    parts += [f"back to {_model({'model': _get(data, 'restored', 'model')})}"] if data.get("restored") else []
    parts += [f"proved by {len(data['proofs'])} instance(s)"] if data.get("proofs") else []
    parts += [f"by {data[name]}" for name in ("approver", "operator", "requested_by") if data.get(name)]
    parts += [f"columns {', '.join(map(str, data['columns']))}"] if data.get("columns") else []
    parts += [f"generation {data['generation']}"] if data.get("generation") is not None else []
    parts += [f"job {_name(data['job'])}"] if data.get("job") else []
    parts += [f"window of {str(_get(data, 'window', 'start'))[:10]}"] if data.get("window") else []
    parts += [str(data["reason"])] if data.get("reason") else []
    text = "; ".join(part for part in parts if part)
    return text if len(text) <= _LONGEST_DETAIL else f"{text[: _LONGEST_DETAIL - 1]}…"


def _model(data: Any) -> str:
    for path in (("candidate", "model"), ("package", "model"), ("model",)):
        model = _get(data, *path)
        if isinstance(model, dict):
            return f"{model.get('name')}:{model.get('version')}"
    return str(data.get("model_name") or "")


def _get(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _name(job: Any) -> str:
    return str(_get(job, "name") or job)


def decided(progress: Progress) -> str:
    """`service: effect, effect (refused: why)`."""
    effects = []
    for index, effect in enumerate(progress.entry.effects):
        mark = progress.marks.get(index)
        became = outcome(mark, progress.settled)
        reason = f": {mark.reason}" if mark and mark.reason else ""
        effects.append(effect_name(effect) + ("" if became == "performed" else f" ({became}{reason})"))
    return f"{progress.entry.service}: {', '.join(effects) or 'nothing to do'}"


def told(step: Step) -> list[str]:
    """What the services decided about this step; a run tells of its last event."""
    return [decided(progress) for progress in step.node.decisions]
