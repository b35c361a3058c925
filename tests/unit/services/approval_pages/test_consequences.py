"""The page says before every answer what follows from it, who may not give one, and how it ended."""

from datetime import timedelta
from typing import Any

import pytest

from services.approval_pages.consequences import next_steps, outcome
from services.approval_pages.view import excluded, progress
from shared.approvals import Approval, ApprovalStatus, Delegation, Escalation, HeldAction, Say, Seat
from tests.support.builders import NOW, digest, endpoint_ref, package_ref

ENDS = NOW + timedelta(hours=3)


def approval(**changes: Any) -> Approval:
    fields: dict[str, Any] = {
        "id": "a-1", "scope": str(endpoint_ref().entity), "endpoint": endpoint_ref(), "candidate": package_ref("2"),
        "evidence": None, "title": "May it?", "summary": "", "requested_by": "dana@example.com",
        "personas": ("project-lead",), "opened_at": NOW - timedelta(hours=5), "expires_at": ENDS,
    }  # fmt: skip
    return Approval(**{**fields, **changes})


def action(answer: str) -> Approval:
    held = HeldAction.model_validate(
        {
            "service": "promotion", "about": str(endpoint_ref().entity), "decision": "d", "would": ("call it live",),
            "digest": digest("9"), "answer": answer,
        }
    )  # fmt: skip
    return approval(candidate=None, action=held)


def test_a_models_answers_say_what_becomes_of_it() -> None:
    steps = next_steps(approval(), Say(approver="lea@example.com", persona="project-lead"), NOW)
    assert steps.approve.startswith("flights:2 begins to answer requests of flights")
    assert steps.reject.startswith("The model goes no further. What serves now goes on serving.")
    assert steps.silence.startswith("It expires, which is a no")
    assert (steps.expires.distance, steps.expires.iso) == ("in 3 hours", ENDS.isoformat(timespec="seconds"))


@pytest.mark.parametrize(
    ("answer", "yes", "no"),
    [("release", "exactly what is listed", "None of it is done."), ("tell", "call it live", "is told no")],
)
def test_an_actions_answers_say_what_is_done(answer: str, yes: str, no: str) -> None:
    steps = next_steps(action(answer), None, NOW)
    assert yes in steps.approve
    assert no in steps.reject


def test_who_is_not_the_last_is_told_who_must_approve_as_well() -> None:
    two = approval(seats=(Seat(personas=("project-lead",)), Seat(personas=("data-scientist",))))
    steps = next_steps(two, Say(approver="lea@example.com", persona="project-lead"), NOW)
    assert "data-scientist must approve as well" in steps.approve


def test_silence_may_ask_others_before_the_end_or_at_it() -> None:
    before = approval(escalation=Escalation(at=NOW + timedelta(hours=1), to=("product-owner",)))
    assert "product-owner may decide as well from" in next_steps(before, None, NOW).silence
    assert "then it expires" in next_steps(before, None, NOW).silence
    more = approval(escalation=Escalation(at=ENDS, to=("product-owner",), more_s=7200))
    assert "for another 2 hours" in next_steps(more, None, NOW).silence


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("granted", "The model goes on to production. It was open for 4 hours."),
        ("rejected", "The model goes no further."),
        ("expired", "Nobody decided in time. The model goes no further."),
        ("superseded", "Something newer has taken this request's place."),
    ],
)
def test_how_it_ended_is_told(status: ApprovalStatus, text: str) -> None:
    assert outcome(approval(status=status, settled_at=NOW - timedelta(hours=1))).startswith(text)


def test_an_approval_of_an_earlier_build_does_not_say_how_long_it_was_open() -> None:
    assert outcome(approval(status="granted")) == "The model goes on to production."


def test_four_eyes_are_told_with_the_reason_and_object_ids_stay_unseen() -> None:
    account = "0b1c2d3e-0000-4000-8000-00000000000e"
    given = Delegation(delegator="lea@example.com", persona="project-lead", delegate="omar@example.com")
    lines = excluded(approval(requesters=("dana@example.com", account), delegations=(given,)))
    assert lines == (
        "dana@example.com asked for it, and nobody approves their own request",
        "lea@example.com passed it on to omar@example.com",
    )
    (by_account,) = excluded(approval(requested_by="Dana Okafor", requesters=(account,)))
    assert "known by their account" in by_account
    assert account not in by_account


def test_progress_counts_and_names_who_is_waited_for() -> None:
    seats = (Seat(personas=("project-lead",), count=2),)
    found = progress(approval(seats=seats, says=(Say(approver="lea@example.com", persona="project-lead"),)))
    assert (found.given, found.wanted) == (1, 2)
    assert found.lines == ((True, "lea@example.com (project-lead)"), (False, "waits for project-lead"))
