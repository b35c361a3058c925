"""`sluice explain` where a rollback restored what serves (N2, N4): how it came to serve, and why it does again."""

from xml.etree import ElementTree as ET

from rich.console import Console

from function_app.operator.explaining.graph import Graph
from function_app.operator.explaining.story import Story, tell
from function_app.operator.explaining.svg import as_svg
from function_app.operator.explaining.text import as_json, as_tree
from tests.unit.operator.back import chains, life


def ask(*without: str) -> Story:
    return tell(Graph(chains(life(*without))), "flights")


def printed(story: Story) -> str:
    console = Console(width=100, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(as_tree(story))
    return capture.get()


def titles(story: Story | None) -> list[str]:
    return [step.title for step in story.way] if story else []


def test_the_newest_of_promotion_and_rollback_tells_what_is_live() -> None:
    story = ask()
    assert story.title == "Why flights:2 is live again on flights (generation 7)"
    assert titles(story) == ["approval.granted", "deadline.reached ×2", "rollback.requested", "deadline.reached",
                             "rollback.completed"]  # fmt: skip
    assert titles(ask("back")) == ["approval.granted", "promotion.completed"]


def test_it_also_tells_how_the_restored_version_had_come_to_be_live() -> None:
    story = ask()
    assert titles(story.earlier) == ["approval.granted", "promotion.completed"]
    assert (story.heading, story.missing) == ("flights:4 was tried, and taken back", "")


def test_the_proof_the_reason_and_the_canary_step_can_be_read() -> None:
    text = " ".join(printed(ask()).replace("│", "").split())
    assert "flights:4 taken back for flights:2" in text
    assert "proven on 2 instances in 1.9 s: 50 golden rows, distance 1e-07" in text
    assert "share of slow answers 97.00% of 60 requests" in text
    assert "promotion.stepped to 50 %" in text


def test_what_is_tried_since_is_told_apart() -> None:
    assert [step.title for step in ask().since] == ["promotion.started"]
    assert "since then" in printed(ask())
    assert ask("started5").since == []


def test_a_restored_version_of_which_no_promotion_is_recorded_is_a_missing_link() -> None:
    story = ask("live2")
    assert story.earlier is None
    assert story.missing == "mlops.rollback.completed back____ restored what no ledger entry says was promoted"


def test_json_and_drawing_hold_both_ways() -> None:
    story = ask()
    told = as_json(story)
    assert [step["type"] for step in told["earlier"]["way"]][-1] == "mlops.promotion.completed"
    assert [step["type"] for step in told["since"]] == ["mlops.promotion.started"]
    drawing = ET.fromstring(as_svg(story))  # noqa: S314 - our own drawing
    texts = [element.text or "" for element in drawing.iter() if element.tag.endswith("text")]
    assert [text for text in texts if text.endswith("Begins with")] == [
        "It was promoted (generation 4). Begins with", "flights:4 was tried, and taken back. Begins with"
    ]  # fmt: skip
    assert "Since then" in texts
