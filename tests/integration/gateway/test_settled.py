"""What becomes of decisions that should not count, from the gateway's door to control's word (N9, F10).

Here they arrive although a browser could not send them: replayed, late, about something else, or made up.
"""

from datetime import timedelta

import pytest

from shared.approvals import Approval
from shared.events import ApprovalDecided, ApprovalGranted, ApprovalRefused, ApprovalSuperseded, Envelope
from shared.events.decision_statement import decision_statement
from shared.reactor import Handled
from tests.integration.gateway.conftest import Setting
from tests.integration.gateway.control import Control
from tests.support.builders import digest, envelope


@pytest.fixture
def control(setting: Setting) -> Control:
    return Control(setting)


def approves(setting: Setting, approval: Approval, email: str = "lea@example.com") -> None:
    browser = setting.browser(email)
    form = {**browser.get(setting.link(approval)).fields, "verdict": "approve"}
    assert browser.post(f"/approvals/{approval.id}", form).status == 303


def forged(setting: Setting, approval: Approval, **changes: object) -> Envelope[ApprovalDecided]:
    """A decision as somebody with the gateway's key on the hub would send it, proven with the real link."""
    claim = ApprovalDecided(
        approval_id=approval.id,
        scope=approval.scope,
        verdict="approve",
        approver="lea@example.com",
        persona="project-lead",
        package=approval.subject,
        evidence=approval.evidence,
        proof="",
    ).model_copy(update=changes)
    proof = setting.signer().proof(approval.id, approval.expires_at, decision_statement(claim))
    return envelope(claim.model_copy(update={"proof": proof}), id=f"forged {sorted(changes.items())}")


def test_replay_of_a_decision_is_known_and_one_under_a_new_id_is_refused(setting: Setting, control: Control) -> None:
    approval = control.ask(character="9")
    approves(setting, approval)
    assert isinstance(control.settle(approval)[0], ApprovalGranted)
    (sent,) = setting.decisions(approval)
    assert control.handle(sent) is Handled.DUPLICATE
    renamed = envelope(sent.data, id="replayed under another id")
    assert control.handle(renamed) is Handled.SETTLED
    assert control.shown(approval).status == "granted"
    assert isinstance(control.last, ApprovalRefused)
    assert control.last.reason == "the approval is already granted"


def test_expired_between_click_and_control_is_refused(setting: Setting) -> None:
    control = Control(setting)
    approval = control.ask(character="b")
    in_time = forged(setting, approval)
    control.clock.advance(timedelta(days=4))
    assert control.handle(in_time) is Handled.SETTLED
    assert isinstance(control.last, ApprovalRefused)
    assert control.last.reason == "the approval has expired"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"package": digest("0")}, "another package"),
        ({"evidence": digest("0")}, "other evidence"),
        ({"approver": "dana@example.com"}, "own request"),
        ({"persona": "model-end-user"}, "may not decide"),
    ],
)
def test_swapped_or_untrue_claims_with_a_true_proof_are_refused(
    setting: Setting, control: Control, changes: dict[str, str], why: str
) -> None:
    approval = control.ask(character="c")
    assert control.handle(forged(setting, approval, **changes)) is Handled.SETTLED
    assert isinstance(control.last, ApprovalRefused)
    assert why in control.last.reason
    assert control.shown(approval).status == "open"


def test_forged_without_the_link_is_refused(setting: Setting, control: Control) -> None:
    approval = control.ask(character="d")
    claim = forged(setting, approval).data.model_copy(update={"proof": "0" * 64})
    control.handle(envelope(claim, id="without the link"))
    assert isinstance(control.last, ApprovalRefused)
    assert "proof" in control.last.reason


def test_swapped_artefact_supersedes_and_the_old_page_decides_nothing(setting: Setting, control: Control) -> None:
    approval = control.ask(character="e")
    browser = setting.browser("lea@example.com")
    form = {**browser.get(setting.link(approval)).fields, "verdict": "approve"}
    newer = control.ask(character="f")
    assert any(isinstance(fact, ApprovalSuperseded) for fact in control.published)
    before = setting.sent()
    answer = browser.post(f"/approvals/{approval.id}", form)
    assert answer.status == 409
    assert "Already superseded" in answer.text
    assert browser.post(f"/approvals/{newer.id}", form).status == 403
    assert setting.sent() == before
