"""`sluice explain` reads the chains that its answer needs, whatever else lies in the ledger, and misses no link."""

from collections.abc import AsyncIterator

import pytest

from function_app.operator.explaining.graph import Graph
from function_app.operator.explaining.searching import explained
from function_app.operator.explaining.story import Story, tell
from function_app.operator.explaining.text import as_json
from function_app.operator.ledger.reading import read_chains
from function_app.operator.running import Unknown
from shared.adapters.memory.ledger import MemoryLedger
from shared.events import EndpointRef, Entity, ModelRegistered, PromotionCompleted
from shared.ports import Progress
from tests.support.builders import endpoint_ref, envelope, model_ref, package_ref
from tests.unit.operator.life import Life, live
from tests.unit.operator.recorded import Recorder

_OTHERS = 100


class Counting(MemoryLedger):
    """`read` are the chains whose entries were asked for, `found` how often a single decision was."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[str, str]] = []
        self.found = 0

    async def entries(self, service: str, entity: Entity) -> AsyncIterator[Progress]:
        self.read.append((service, str(entity)))
        async for each in super().entries(service, entity):
            yield each

    async def find(self, service: str, entity: Entity, event_id: str) -> Progress | None:
        self.found += 1
        return await super().find(service, entity, event_id)


@pytest.fixture
async def ledger() -> Counting:
    return Counting()


@pytest.fixture
async def life(ledger: Counting) -> Life:
    """The life of one model, among a hundred endpoints and models that have nothing to do with it."""
    recorder = Recorder(ledger)
    for number in range(_OTHERS):
        other = EndpointRef(workspace=endpoint_ref().workspace, name=f"other-{number}")
        done = PromotionCompleted(endpoint=other, package=package_ref("1"), generation=1, instances=1)
        registered = ModelRegistered(model=model_ref("1", f"other-{number}"))
        await recorder.decide("promotion", envelope(done, id=f"done-{number}"))
        await recorder.decide("registration", envelope(registered, id=f"registered-{number}"))
    found = await live(recorder)
    ledger.read, ledger.found = [], 0
    return found


async def with_everything_read(ledger: MemoryLedger, question: str) -> Story:
    return tell(Graph(await read_chains(ledger)), question)


async def chains_of_the_life(ledger: MemoryLedger) -> int:
    return len([entity async for _, entity, _ in ledger.chains() if not entity.name.startswith("other-")])


async def test_an_endpoint_costs_the_chains_of_its_own_story(life: Life, ledger: Counting) -> None:
    story = await explained(ledger, "flights")
    assert story.missing == ""
    assert len(ledger.read) == len(set(ledger.read)) <= await chains_of_the_life(ledger)
    assert not [name for _, name in ledger.read if "other-" in name]
    assert ledger.found == 0


async def test_an_event_is_looked_for_by_its_id_and_only_its_story_is_read(life: Life, ledger: Counting) -> None:
    await explained(ledger, life.registered.id)
    assert not [name for _, name in ledger.read if "other-" in name]
    assert ledger.found == 2 * _OTHERS + await chains_of_the_life(ledger)


async def test_the_story_is_the_same_as_with_everything_read(life: Life, ledger: Counting) -> None:
    graph = Graph(await read_chains(ledger))
    for question in [
        "flights",
        "flights:2",
        *(id for id in graph.nodes if not id.startswith(("done-", "registered-"))),
    ]:
        assert as_json(await explained(ledger, question)) == as_json(tell(graph, question)), question


async def test_a_link_that_leads_nowhere_is_looked_for_everywhere_before_it_is_said_to_miss(ledger: Counting) -> None:
    recorder = Recorder(ledger)
    cause = envelope(ModelRegistered(model=model_ref(name="elsewhere")), id="elsewhere")
    await recorder.decide("registration", cause)
    led_to = ModelRegistered(model=model_ref(), tags={"sluice-causationid": "elsewhere"})
    await recorder.decide("registration", envelope(led_to, id="registered"))
    assert [step.title for step in (await explained(ledger, "flights:1")).way] == ["model.registered"] * 2
    unknown = ModelRegistered(model=model_ref("2"), tags={"sluice-causationid": "who-knows"})
    await recorder.decide("registration", envelope(unknown, id="unknown"))
    assert "no ledger entry records that event" in (await explained(ledger, "flights:2")).missing


@pytest.mark.parametrize(
    ("question", "says"),
    [("nowhere", "endpoints with a live version: flights"), ("flights:9", "models there: .*other-0:1")],
)
async def test_what_is_not_there_says_what_is(life: Life, ledger: Counting, question: str, says: str) -> None:
    with pytest.raises(Unknown, match=says):
        await explained(ledger, question)
