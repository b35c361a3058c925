"""The way to one event and what followed, put in order for people: a run of reminders is one step."""

from collections.abc import Sequence
from dataclasses import dataclass

from function_app.operator.explaining.graph import Graph, Link, Node, Origin
from function_app.operator.explaining.subject import Subject, subject
from function_app.operator.ledger.views import short_type

_REMINDER = "mlops.deadline.reached"


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
    """`way` ends in the subject; `begins` says what stands before its first step.

    Where the subject only restored what an `earlier` story had made live, `heading` says what this way is about.
    `since` is what has been tried at the endpoint after the subject, and is no part of its consequences.
    """

    question: str
    title: str
    subject: Node
    way: Sequence[Step]
    begins: Origin
    then: Sequence[Branch]
    unread: Sequence[str] = ()
    heading: str = ""
    earlier: "Story | None" = None
    since: Sequence[Step] = ()

    @property
    def missing(self) -> str:
        """Which link is missing, empty when none is."""
        if self.begins.link == "missing":
            return self.begins.why
        if self.heading and self.earlier is None:
            return f"{self.subject.type} {self.subject.id} restored what no ledger entry says was promoted"
        return self.earlier.missing if self.earlier else ""


def tell(graph: Graph, question: str) -> Story:
    """Raises `Unknown` when the ledger knows nothing by this name."""
    found = subject(graph, question)
    nodes, begins = graph.way_to(found.node)
    then = _forks(graph, [found.node], {each.id for each in nodes})
    told = {step.node.id for branch in then for step in _all_steps(branch)}
    since = [Step([node], graph.origin(node).link) for node in found.attempts if node.id not in told]
    return Story(
        question, found.title, found.node, _steps(graph, nodes), begins, then, graph.unread, found.went,
        _earlier(graph, question, found), since,
    )  # fmt: skip


def _earlier(graph: Graph, question: str, found: Subject) -> Story | None:
    if found.promoted is None:
        return None
    nodes, begins = graph.way_to(found.promoted)
    data = found.promoted.data
    title = f"It was promoted (generation {data.get('generation')})"
    return Story(question, title, found.promoted, _steps(graph, nodes), begins, ())


def nodes_of(story: Story) -> list[Node]:
    """Every event that it tells of."""
    steps = [*story.way, *story.since, *(step for branch in story.then for step in _all_steps(branch))]
    return [*(node for step in steps for node in step.nodes), *(nodes_of(story.earlier) if story.earlier else ())]


def _all_steps(branch: Branch) -> list[Step]:
    return [*branch.steps, *(step for fork in branch.forks for step in _all_steps(fork))]


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
