"""What the story says of canaries and of the way back, on events as the catalogue shows them."""

from typing import Any

import pytest

from infra.demo import words


def finding(test: str, verdict: str, detail: str = "", of: int = 90) -> dict[str, Any]:
    return {"test": test, "verdict": verdict, "detail": detail, "of": of}


def rolled_back(*distances: float) -> dict[str, Any]:
    proofs = [{"rows": 50 - number, "distance": distance} for number, distance in enumerate(distances)]
    restored = {"model": {"name": "flights", "version": "2"}}
    return {"restored": restored, "generation": 7, "instances": len(proofs), "seconds": 1.94, "proofs": proofs}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"generation": 1}, "takes over, generation 1"),
        ({"generation": 2, "share": 25.0}, "canary begins: 25 % of the requests, generation 2"),
    ],
)
def test_a_canary_says_its_share_and_a_first_version_has_none(data: dict[str, Any], says: str) -> None:
    assert words.begun(data) == says


def test_a_step_says_what_was_tested_on_how_many_requests() -> None:
    findings = [finding("errors", "go on", of=120), finding("latency", "go on", of=118)]
    data = {"share": 50.0, "findings": findings}
    assert words.stepped(data) == "canary within limits over 120 requests (errors, latency); now 50 %"
    assert words.stepped({**data, "cleared_by": "lea@example.com"}) == "canary cleared by lea@example.com; now 50 %"


def test_an_abort_says_once_what_spoke_against_the_candidate() -> None:
    slow = finding("latency", "abort", "98 % slow answers, champion 1 %")
    data = {"reason": "it is worse than the champion", "findings": [finding("errors", "go on"), slow]}
    assert words.aborted(data) == "aborted: it is worse than the champion (98 % slow answers, champion 1 %)"
    assert words.aborted({**data, "reason": slow["detail"]}) == "aborted: 98 % slow answers, champion 1 %"


def test_a_rollback_says_who_serves_and_the_worst_of_its_proofs() -> None:
    assert words.restored(rolled_back(0.0, 1.5e-7)) == (
        "rolled back in 1.9 s: version 2 serves again, generation 7; proven on 2 scoring instances: "
        "49 golden rows, largest distance 1.5e-07"
    )
    rehearsed = {**rolled_back(0.0), "rehearsal": {"restore_s": 0.44}}
    assert words.restored(rehearsed).endswith("proven on 1 scoring instance: 50 golden rows, largest distance 0; "
                                              "rehearsed in staging in 0.4 s")  # fmt: skip
