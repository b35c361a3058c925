"""Attacks and accidents with a real browser in front of the real gateway, settled by the real service (N9, F09, F10).

Each has one outcome: defined, recorded, and said in friendly words. The other half is in `test_settled.py`.
"""

import pytest
from selenium.webdriver.common.by import By

from shared.events import (
    ApprovalDelegated,
    ApprovalEndorsed,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
)
from tests.integration.gateway.conftest import Setting
from tests.integration.gateway.control import Control
from tests.integration.gateway.reader import Reader, opens
from tests.support.chromium import Browse


@pytest.fixture
def control(setting: Setting) -> Control:
    return Control(setting)


def test_a_person_reads_approves_and_sees_it_granted(setting: Setting, control: Control, browse: Browse) -> None:
    approval = control.ask(character="1")
    lea = opens(setting, browse(), approval, "p-lea")
    assert "latency p95" in lea.text
    lea.chrome.find_element(By.ID, "comment").send_keys("good on all groups")
    lea.press("button.go")
    assert lea.sees("It is being checked")
    (granted,) = control.settle(approval)
    assert isinstance(granted, ApprovalGranted)
    assert (granted.approver, granted.reason) == ("lea@example.com", "good on all groups")
    lea.looks_again()
    assert lea.sees("This request is granted")
    for text in ("Ended on", "lea@example.com", "good on all groups", "latency p95"):
        assert text in lea.text


def test_prefetch_a_scanner_that_runs_a_browser_decides_nothing(
    setting: Setting, control: Control, browse: Browse
) -> None:
    approval, before = control.ask(character="2"), setting.sent()
    scanner = browse()
    for _ in range(2):
        scanner.get(setting.address(approval))
        assert "Please sign in" in Reader(scanner).text
        assert not Reader(scanner).has("button.go")
    lea = opens(setting, browse(), approval, "p-lea")
    lea.chrome.refresh()
    assert lea.has("button.go")
    assert setting.sent() == before
    assert control.shown(approval) == approval


def test_forged_link_shows_no_evidence_and_no_button(setting: Setting, control: Control, browse: Browse) -> None:
    approval = control.ask(character="3")
    lea = opens(setting, browse(), approval, "p-lea")
    lea.chrome.get(setting.address(approval)[:-6] + "AAAAAA")
    assert "This link is not valid" in lea.text
    assert not lea.has("form")


def test_self_approval_may_be_read_but_not_decided(setting: Setting, control: Control, browse: Browse) -> None:
    approval, before = control.ask("dana@example.com", character="4"), setting.sent()
    dana = opens(setting, browse(), approval, "p-dana")
    assert "You asked for this yourself, so somebody else decides." in dana.text
    assert not dana.has("form")
    assert setting.sent() == before


def test_second_click_from_the_page_before_is_the_same_decision_and_grants_once(
    setting: Setting, control: Control, browse: Browse
) -> None:
    approval = control.ask(character="5")
    lea = opens(setting, browse(), approval, "p-lea")
    page = lea.chrome.current_url
    for _ in range(2):
        lea.chrome.get(page)
        lea.press("button.go")
        assert lea.sees("It is being checked")
    facts = control.settle(approval, 2)
    assert [type(fact) for fact in facts] == [ApprovalGranted]
    lea.chrome.get(page)
    assert "This request is granted" in lea.text
    assert not lea.has("form")


def test_approve_and_reject_at_once_end_by_the_first_and_the_other_is_told(
    setting: Setting, control: Control, browse: Browse
) -> None:
    approval = control.ask(character="6")
    lea, ana = opens(setting, browse(), approval, "p-lea"), opens(setting, browse(), approval, "p-ana")
    lea.press("button.stop")
    ana.press("button.go")
    assert lea.sees("It is being checked")
    assert ana.sees("It is being checked")
    rejected, refused = control.settle(approval, 2)
    assert isinstance(rejected, ApprovalRejected)
    assert isinstance(refused, ApprovalRefused)
    assert (refused.approver, refused.reason) == ("ana@example.com", "the approval is already rejected")
    for reader in (lea, ana):
        reader.looks_again()
        assert reader.sees("This request is rejected")
        assert "lea@example.com" in reader.text


def test_it_is_passed_on_by_the_page_and_the_delegate_decides_instead(
    setting: Setting, control: Control, browse: Browse
) -> None:
    approval = control.ask(character="7")
    lea = opens(setting, browse(), approval, "p-lea")
    link = lea.chrome.current_url
    lea.press("summary")
    lea.chrome.find_element(By.ID, "delegate").send_keys("omar@example.com\n")
    assert lea.sees("That you pass this on was sent")
    (passed_on,) = control.settle(approval)
    assert isinstance(passed_on, ApprovalDelegated)
    assert [notice.audience for notice in control.notifier.sent][-1] == "omar@example.com"
    lea.chrome.get(link)
    assert "You passed this on to omar@example.com" in lea.text
    omar = opens(setting, browse(), approval, "p-omar")
    omar.press("button.go")
    assert omar.sees("It is being checked")
    granted = control.settle(approval, 2)[-1]
    assert isinstance(granted, ApprovalGranted)
    assert granted.approver == "omar@example.com"


def test_two_persons_are_needed_and_the_page_says_who_is_waited_for(setting: Setting, browse: Browse) -> None:
    control = Control(setting, quorum=[{"personas": ["data-scientist"]}, {"personas": ["project-lead"]}])
    approval = control.ask(character="8")
    ana = opens(setting, browse(), approval, "p-ana")
    link = ana.chrome.current_url
    ana.press("button.go")
    assert ana.sees("It is being checked")
    (endorsed,) = control.settle(approval)
    assert isinstance(endorsed, ApprovalEndorsed)
    ana.looks_again()
    assert ana.sees("It is noted. Still waited for: project-lead.")
    ana.chrome.get(link)
    assert "You have approved this." in ana.text
    assert not ana.has("button.go")
    lea = opens(setting, browse(), approval, "p-lea")
    assert "ana@example.com (data-scientist)" in lea.text
    lea.press("button.go")
    assert lea.sees("It is being checked")
    assert isinstance(control.settle(approval, 2)[-1], ApprovalGranted)
    lea.looks_again()
    assert lea.sees("This request is granted")
