"""The chains that a question needs, and no others: from what it names along the links that the events themselves name.

An event's source says which chain published it, a job's tags which one asked for it, and services whom of theirs an
event concerns. Only where a link leads nowhere that way is every chain looked at.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from function_app.operator.explaining.graph import Graph, Node
from function_app.operator.explaining.story import Story, nodes_of, tell
from function_app.operator.ledger.reading import Chain, Chains, all_heads, read_chain
from function_app.operator.running import Unknown
from services import deciding
from shared.events import EndpointRef, Entity, ModelRegistered, Unreadable, from_cloud_event
from shared.events.event import SOURCE
from shared.ports import Archive, Progress, Refused

type Key = tuple[str, Entity]
_AT_ONCE = 16


class Ledger(Chains, Protocol):
    """The part of the ledger that is read here."""

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None: ...


async def explained(ledger: Ledger, question: str, archive: Archive | None = None) -> Story:
    """With what was archived, where an archive is given.

    Raises `Unknown` when the ledger knows nothing by this name, `Refused` or `Unavailable`.
    """
    heads, broken = await all_heads(ledger)
    if broken:
        raise Refused(f"after {len(heads)} chains, a head cannot be read ({broken}); see `sluice ledger verify`")
    return await _Search(ledger, archive, [(service, entity) for service, entity, _ in heads]).story(question)


class _Search:
    """`keys` are all chains that there are; `_read` those that were read."""

    def __init__(self, ledger: Ledger, archive: Archive | None, keys: Iterable[Key]) -> None:
        self._ledger, self._archive, self._keys = ledger, archive, set(keys)
        self._read: dict[Key, Chain] = {}
        self._services = deciding()
        self._by_source = {
            f"{SOURCE}/{service}/{entity.table_key}": (service, entity) for service, entity in self._keys
        }
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def story(self, question: str) -> Story:
        await self._add(self._named(question) or await self._with(question) or self._keys)
        while True:
            graph = Graph(self._read.values())
            try:
                story = tell(graph, question)
            except Unknown:
                if not await self._add(self._keys):
                    raise
                continue
            if await self._add(self._near(nodes_of(story))):
                continue
            if not story.missing or not await self._add(await self._with(_cause(story)) or self._keys):
                return story

    def _named(self, question: str) -> set[Key]:
        """Those about the endpoint, or the model's version, of this name."""
        name, kind = question.lower(), "model" if ":" in question else "endpoint"
        return {key for key in self._keys if (key[1].kind, key[1].name.lower()) == (kind, name)}

    async def _with(self, event_id: str) -> set[Key]:
        """Those that have a decision about this event: a point read in each."""

        async def one(key: Key) -> Progress | None:
            async with self._free:
                return await self._ledger.find(*key, event_id)

        keys = sorted(self._keys - self._read.keys()) if event_id else []
        found = await asyncio.gather(*map(one, keys))
        return {key for key, progress in zip(keys, found, strict=True) if progress}

    async def _add(self, keys: Iterable[Key]) -> bool:
        """Read what was not read yet of these; whether there was any."""

        async def one(key: Key) -> Chain:
            async with self._free:
                return await read_chain(self._ledger, *key, self._archive)

        missing = sorted((set(keys) & self._keys) - self._read.keys())
        self._read.update(zip(missing, await asyncio.gather(*map(one, missing)), strict=True))
        return bool(missing)

    def _near(self, nodes: Iterable[Node]) -> set[Key]:
        """Where these events were published, and where services decided about them."""
        return {key for node in nodes for key in (*self._publishers(node), *self._deciders(node))}

    def _publishers(self, node: Node) -> Iterator[Key]:
        if (source := str(node.event.get("source"))) in self._by_source:
            yield self._by_source[source]
        tags = node.data.get("tags")
        if isinstance(tags, Mapping) and (about := _entity(str(tags.get("sluice-entity")))):
            yield str(tags.get("sluice-service")), about

    def _deciders(self, node: Node) -> Iterator[Key]:
        try:
            event = from_cloud_event(node.event).data
        except Unreadable:
            return
        endpoint = getattr(event, "endpoint", None)
        about = {event.entity, endpoint.entity} if isinstance(endpoint, EndpointRef) else {event.entity}
        yield from (key for key in self._keys if key[1] in about)
        for name, service in self._services.items():
            if concerned := service.concerned(event):
                yield name, concerned
        if name := str(getattr(event, "model_name", "")):
            yield from self._registrations(name)

    def _registrations(self, model: str) -> Iterator[Key]:
        """Of all versions: what a training job registered names that job's event, and no event names the version."""
        registering = {name for name, service in self._services.items() if ModelRegistered in service.reactions}
        for service, about in self._keys:
            if service in registering and about.kind == "model" and about.name.partition(":")[0] == model.lower():
                yield service, about


def _entity(text: str) -> Entity | None:
    try:
        return Entity.parse(text)
    except ValueError:
        return None


def _cause(story: Story) -> str:
    """The event that the story does not find, "" where none is named."""
    begins = story.begins if story.begins.link == "missing" or not story.earlier else story.earlier.begins
    return begins.of if begins.link == "missing" else ""
