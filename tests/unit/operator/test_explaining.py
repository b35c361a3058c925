"""`sluice explain` (N2, F28): the whole chain from the ledger alone, and exactly which link is missing when one is."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from function_app.operator.explaining.graph import Graph
from function_app.operator.explaining.story import Story, tell
from function_app.operator.explaining.svg import as_svg
from function_app.operator.explaining.text import as_json, as_tree
from function_app.operator.ledger.reading import Chain, read_chains
from function_app.operator.running import Unknown
from shared.events import InstanceProof, ModelRegistered, ModelRejected, RollbackCompleted, RollbackRequested
from shared.reactor import Publish
from tests.support.builders import digest, endpoint_ref, envelope, model_ref, package_ref
from tests.unit.operator.life import Life, live
from tests.unit.operator.recorded import Recorder

_WAY = [
    "window.folded", "drift.measured", "retraining.requested", "job.ended", "model.registered", "staging.requested",
    "staging.passed", "approval.decided", "approval.granted", "deadline.reached ×4", "promotion.completed",
]  # fmt: skip


@pytest.fixture
async def life() -> Life:
    return await live()


async def chains(life: Life, without: str = "") -> list[Chain]:
    """As they are read; `without` is an event about which no decision is recorded any more."""
    found = await read_chains(life.recorder.ledger)
    return [replace(c, entries=[p for p in c.entries if p.entry.event_id != without]) for c in found]


async def ask(life: Life, question: str, without: str = "") -> Story:
    return tell(Graph(await chains(life, without)), question)


def titles(story: Story) -> list[str]:
    return [step.title for step in story.way]


def printed(story: Story, width: int = 100) -> str:
    console = Console(width=width, record=True, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(as_tree(story))
    return capture.get()


async def test_why_is_this_live_goes_back_to_the_rows_that_drifted(life: Life) -> None:
    story = await ask(life, "flights")
    assert story.title == "Why flights:2 is live on flights (generation 2)"
    assert titles(story) == _WAY
    assert story.subject.id == life.live.id
    assert story.begins.why == "captured predictions rows: folded, not decided about"
    assert story.missing == ""


async def test_after_a_rollback_it_is_told_why_the_version_before_is_live_again(life: Life) -> None:
    bad, back = package_ref("2", "b"), package_ref("1")
    request = RollbackRequested(
        endpoint=endpoint_ref(), package=bad, reason="too slow", generation=2, requested_by="promotion"
    )
    requested = await life.recorder.concludes("promotion", life.live, request)
    proof = InstanceProof(instance="one", rows=50, distance=0, outputs=digest())
    restored = RollbackCompleted(
        endpoint=endpoint_ref(), package=bad, restored=back, generation=3, reason="too slow", requested_by="promotion",
        instances=1, seconds=3, proofs=(proof,),
    )  # fmt: skip
    await life.recorder.concludes("rollback", requested, restored)
    story = await ask(life, "flights")
    assert story.title == "Why flights:1 is live again on flights (generation 3)"
    assert titles(story)[-3:] == ["promotion.completed", "rollback.requested", "rollback.completed"]


async def test_the_chain_goes_through_azure_ml_by_its_tags(life: Life) -> None:
    story = await ask(life, "flights")
    links = {step.title: step.link for step in story.way}
    assert links["job.ended"] == links["model.registered"] == "through Azure ML"
    assert links["staging.requested"] == "caused by"


async def test_what_a_drift_led_to_ends_in_the_new_version(life: Life) -> None:
    story = await ask(life, life.folded.id)
    assert titles(story) == ["window.folded"]
    text = printed(story)
    assert "promotion.completed" in text
    assert "drift.confirmed" in text


async def test_a_model_is_asked_for_by_name_and_version(life: Life) -> None:
    story = await ask(life, "Flights:2")
    assert story.subject.id == life.registered.id
    assert titles(story) == _WAY[:5]


async def test_a_missing_decision_is_named_exactly(life: Life) -> None:
    broken = await ask(life, "flights", without=life.registered.id)
    assert titles(broken) == _WAY[5:]
    assert broken.missing.startswith("mlops.staging.requested ")
    assert life.registered.id in broken.missing
    assert "no ledger entry records that event" in broken.missing
    assert "MISSING LINK" in printed(broken)
    assert 'class="missing"' in as_svg(broken)


async def test_tags_that_name_an_unknown_cause_are_a_missing_link() -> None:
    recorder = Recorder()
    event = ModelRegistered(model=model_ref(), tags={"sluice-causationid": "who-knows"})
    await recorder.decide("registration", envelope(event, id="registered"))
    story = tell(Graph(await read_chains(recorder.ledger)), "flights:1")
    assert story.missing == (
        "mlops.model.registered registered names who-knows in its tag sluice-causationid, "
        "and no ledger entry records that event"
    )


async def test_an_event_that_claims_to_have_led_to_itself_ends_the_way() -> None:
    recorder = Recorder()
    event = ModelRegistered(model=model_ref(), tags={"sluice-causationid": "circle"})
    await recorder.decide("registration", envelope(event, id="circle"))
    story = tell(Graph(await read_chains(recorder.ledger)), "circle")
    assert "which it led to itself" in story.missing
    assert story.then == []


async def test_an_event_whose_publication_was_refused_never_happened() -> None:
    recorder = Recorder()
    cause = envelope(ModelRegistered(model=model_ref()), id="registered")
    await recorder.decide(
        "registration", cause, Publish(event=ModelRejected(model=model_ref(), reason="none")), outcome="refused"
    )
    graph = Graph(await read_chains(recorder.ledger))
    assert list(graph.nodes) == ["registered"]
    assert "model.rejected (refused)" in printed(tell(graph, "registered"))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("nowhere", "endpoints with a live version: flights"),
        ("flights:9", "models there: flights:2"),
        ("x" * 40, "no event has this id"),
    ],
)
async def test_what_is_not_there_says_what_is(life: Life, question: str, says: str) -> None:
    with pytest.raises(Unknown, match=says):
        await ask(life, question)


async def test_nothing_from_outside_steers_the_terminal_or_the_drawing(life: Life) -> None:
    story = await ask(life, "flights")
    text = printed(story)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "data drift</text><script>" in text.replace("[31m", "")
    root = ET.fromstring(as_svg(story))  # noqa: S314 - our own drawing
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "text", "path"}


async def test_the_drawing_needs_nothing_from_outside(life: Life) -> None:
    drawing = as_svg(await ask(life, "flights:2"))
    assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")
    assert drawing.count("<rect") == drawing.count('class="t"') == drawing.count("<path") + 2


async def test_json_names_every_event_of_the_way(life: Life) -> None:
    told: dict[str, Any] = as_json(await ask(life, "flights"))
    assert [step["type"].removeprefix("mlops.") for step in told["way"]] == [title.split()[0] for title in _WAY]
    assert [len(step["event_ids"]) for step in told["way"]] == [1] * 9 + [4, 1]
    assert told["way"][1]["decisions"][0]["effects"][0]["outcome"] == "performed"


async def test_lines_fit_the_terminal(life: Life) -> None:
    assert max(len(line) for line in printed(await ask(life, "flights"), width=60).splitlines()) <= 60
