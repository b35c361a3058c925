"""Every event that the ledger knows, and which led to which, across Azure ML too."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from function_app.operator.ledger.reading import Chain
from shared.events import Event, Unreadable, from_cloud_event, to_cloud_event
from shared.events.catalogue import upcast
from shared.ports import Progress
from shared.reactor import Occasion

type CloudEvent = Mapping[str, Any]
type Link = Literal["caused by", "through Azure ML", "begins with", "missing"]
_CAUSE_TAG = "sluice-causationid"
# Row streams are folded, not decided about, so that what led to these is in no ledger.
_FROM_ROWS = {"mlops.window.folded": "captured predictions"}


@dataclass(frozen=True, slots=True)
class Origin:
    """How an event is tied to what came before it. `of` is that event's id, or what stands outside the ledger."""

    link: Link
    of: str = ""
    why: str = ""


@dataclass(slots=True)
class Node:
    """One event: the decisions about it, and the decision that published it, where there is one."""

    id: str
    event: CloudEvent
    decisions: list[Progress] = field(default_factory=list)
    published_by: str = ""

    @property
    def type(self) -> str:
        return str(self.event.get("type", "?"))

    @property
    def data(self) -> Mapping[str, Any]:
        data = self.event.get("data")
        return data if isinstance(data, Mapping) else {}

    @property
    def moment(self) -> datetime:
        """Unreadable times sort first."""
        try:
            moment = datetime.fromisoformat(str(self.event.get("time")))
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Graph:
    """`unread` names the chains that could not be read to their end: what is missing may be there."""

    def __init__(self, chains: Iterable[Chain]) -> None:
        self.nodes: dict[str, Node] = {}
        self.unread: list[str] = []
        for chain in chains:
            if chain.unreadable:
                self.unread.append(f"{chain.service} {chain.entity}: {chain.unreadable}")
            for progress in chain.entries:
                self._add(progress)
        self._effects: dict[str, list[Node]] = defaultdict(list)
        for node in sorted(self.nodes.values(), key=lambda node: node.moment):
            self._effects[self.origin(node).of].append(node)

    def _add(self, progress: Progress) -> None:
        entry = progress.entry
        self._node(entry.event_id, entry.event).decisions.append(progress)
        for event in published(progress):
            self._node(str(event["id"]), event).published_by = entry.service

    def _node(self, id: str, event: CloudEvent) -> Node:
        return self.nodes.setdefault(id, Node(id, event))

    def origin(self, node: Node) -> Origin:
        """Tags that travelled through Azure ML go before the id that Azure gave its own event."""
        tags = node.data.get("tags")
        tagged = tags.get(_CAUSE_TAG) if isinstance(tags, Mapping) else None
        if isinstance(tagged, str) and tagged:
            return self._link(node, tagged, "through Azure ML")
        named = node.event.get("causationid")
        if not named:
            return Origin(
                "begins with", why=f"first of its chain, from {node.event.get('source', 'an unknown source')}"
            )
        if named not in self.nodes and str(node.event.get("source", "")).startswith("/sluice/intake"):
            return Origin("begins with", str(named), f"Azure's own event {named}")
        if named not in self.nodes and node.type in _FROM_ROWS:
            return Origin("begins with", str(named), f"{_FROM_ROWS[node.type]} {named}: folded, not decided about")
        return self._link(node, str(named), "caused by")

    def _link(self, node: Node, cause: str, link: Link) -> Origin:
        if cause in self.nodes:
            return Origin(link, cause)
        by = f"its tag {_CAUSE_TAG}" if link == "through Azure ML" else "its causationid"
        why = f"{node.type} {node.id} names {cause} in {by}, and no ledger entry records that event"
        return Origin("missing", cause, why)

    def way_to(self, node: Node) -> tuple[list[Node], Origin]:
        """From the first known event to this one, and what stands before the first. Ends at a cause seen twice."""
        way, seen = [node], {node.id}
        while (origin := self.origin(way[-1])).link in ("caused by", "through Azure ML"):
            if origin.of in seen:
                why = f"{way[-1].type} {way[-1].id} names {origin.of}, which it led to itself"
                return way[::-1], Origin("missing", origin.of, why)
            way.append(self.nodes[origin.of])
            seen.add(origin.of)
        return way[::-1], origin

    def consequences(self, node: Node) -> list[Node]:
        """What this event led to directly, in the order of time."""
        return [after for after in self._effects.get(node.id, ()) if self.origin(after).link != "missing"]


def published(progress: Progress) -> Iterator[CloudEvent]:
    """The events that this decision put on the hub, with the ids that the reactor derived for them."""
    for index, effect in enumerate(progress.entry.effects):
        mark = progress.marks.get(index)
        if effect.get("kind") == "publish" and mark is not None and mark.outcome == "performed":
            event = _follow_up(progress, index, effect)
            if event is not None:
                yield event


def _follow_up(progress: Progress, index: int, effect: Mapping[str, Any]) -> CloudEvent | None:
    """None for what this build cannot read: it is then known only where somebody decided about it."""
    entry = progress.entry
    try:
        cause = from_cloud_event(entry.event)
        record = effect["data"]["event"]
        event_type, data = upcast(record["type"], record["version"], record["data"])
        event: Event = event_type.model_validate(data)
    except (Unreadable, ValueError, KeyError, TypeError):
        return None
    occasion = Occasion(entry.service, entry.entity, cause, entry.decided_at, index)
    return to_cloud_event(occasion.follow_up(event))
