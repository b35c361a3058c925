"""Attacks and accidents with a real browser in front of the real gateway, settled by the real service (N9, F09, F10).

Each has one outcome: defined, recorded, and said in friendly words. The other half is in `test_settled.py`.
"""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from shared.approvals import Approval, Exhibit, Exhibits, HeldAction
from shared.events import (
    ApprovalDelegated,
    ApprovalEndorsed,
    ApprovalGranted,
    ApprovalRefused,
    ApprovalRejected,
    CanaryStep,
    Finding,
)
from tests.integration.gateway.conftest import Setting
from tests.integration.gateway.control import Control
from tests.support.builders import digest, endpoint_ref, package_ref
from tests.support.chromium import Browse
from tests.support.eventually import eventually

PHONE, SMALLEST = 390, 320
_MOST_TABS = 20


@dataclass
class Reader:
    """A person in front of a browser."""

    chrome: Chrome

    @property
    def text(self) -> str:
        return eventually(self._text_or_nothing)

    def has(self, selector: str) -> bool:
        return bool(self.chrome.find_elements(By.CSS_SELECTOR, selector))

    def press(self, selector: str) -> None:
        self.chrome.find_element(By.CSS_SELECTOR, selector).click()

    def sees(self, words: str) -> bool:
        """Wait for it: the page may be just on its way."""
        eventually(lambda: words in self._text_or_nothing())
        return True

    def looks_again(self) -> None:
        """By the link that the page offers: it does nothing by itself."""
        self.press("a.again")

    def tabs_to(self, selector: str) -> bool:
        """By the keyboard alone, from the top of the page."""
        wanted = self.chrome.find_element(By.CSS_SELECTOR, selector)
        for _ in range(_MOST_TABS):
            ActionChains(self.chrome).send_keys(Keys.TAB).perform()
            if self.chrome.switch_to.active_element == wanted:
                return True
        return False

    def _text_or_nothing(self) -> str:
        """Nothing while the page is being replaced, for which the driver has several errors, one of them unnamed."""
        try:
            return self.chrome.find_element(By.TAG_NAME, "main").text
        except WebDriverException:
            return ""


@pytest.fixture
def control(setting: Setting) -> Control:
    return Control(setting)


def opens(setting: Setting, chrome: Chrome, approval: Approval, person: str) -> Reader:
    """Follow the link, sign in, and come back to it."""
    chrome.get(setting.address(approval))
    reader = Reader(chrome)
    assert "Please sign in" in reader.text
    reader.press("a.button")
    chrome.find_element(By.CSS_SELECTOR, f"button[value={person}]").click()
    eventually(lambda: "/approvals/" in chrome.current_url)
    return reader


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


def test_the_page_is_used_by_the_keyboard_alone(setting: Setting, control: Control, browse: Browse) -> None:
    approval = control.ask(character="0")
    lea = opens(setting, browse(), approval, "p-lea")
    assert lea.tabs_to("a.skip")
    ActionChains(lea.chrome).send_keys(Keys.ENTER).perform()
    assert lea.tabs_to("#comment")
    assert lea.tabs_to("button.go")
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert lea.chrome.execute_script(outline) == "solid"
    ActionChains(lea.chrome).send_keys(Keys.ENTER).perform()
    assert lea.sees("It is being checked")
    assert isinstance(control.settle(approval)[-1], ApprovalGranted)


def test_the_page_is_legible_to_who_hears_it(setting: Setting, browse: Browse) -> None:
    """One first heading and none left out below it, every field with a label, every picture and table with a name."""
    lea = opens(setting, browse(), setting.open(), "p-lea")
    assert lea.chrome.execute_script(_UNNAMED) == []
    levels = [int(each.tag_name[1]) for each in lea.chrome.find_elements(By.CSS_SELECTOR, "h1, h2, h3")]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise([0, *levels]))
    roles = {each.aria_role for each in lea.chrome.find_elements(By.CSS_SELECTOR, "table, tr, td, tbody th")}
    assert roles == {"table", "row", "cell", "rowheader"}
    picture = lea.chrome.find_element(By.CSS_SELECTOR, "svg.strip")
    assert (picture.aria_role, picture.accessible_name) == ("image", "180.2 ms, limit ≤ 100 ms")


def test_pictures_are_drawn_under_the_policy_that_forbids_all_else(setting: Setting, browse: Browse) -> None:
    lea = opens(setting, browse(), setting.open(), "p-lea")
    dot = lea.chrome.find_element(By.CSS_SELECTOR, "svg.strip .dot")
    assert dot.rect["width"] > 0
    assert dot.value_of_css_property("fill") != "rgb(0, 0, 0)", "the style sheet draws it"
    log: list[dict[str, str]] = lea.chrome.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry for entry in log if "Content Security Policy" in entry["message"]] == []


def test_a_canary_step_is_shown_with_where_its_figures_lie_on_the_smallest_window(
    setting: Setting, browse: Browse
) -> None:
    finding = Finding(test="errors", verdict="inconclusive", detail="Too few", low=-0.01, high=0.04, limit=0.02, of=150)
    step = CanaryStep(package=package_ref("2"), share=20, following=50, seconds=3600, findings=(finding,))
    shown = Exhibits(because=(Exhibit(kind="canary_step", data=step.model_dump(mode="json")),))
    action = HeldAction(
        service="promotion", about=str(endpoint_ref().entity), decision="d", would=("give it 50 % of the requests",),
        digest=digest("9"), answer="tell",
    )  # fmt: skip
    approval = setting.open(candidate=None, action=action, evidence=setting.keep(shown.body()))
    lea = opens(setting, browse(width=SMALLEST), approval, "p-lea")
    for text in ("promotion goes on: give it 50 % of the requests.", "-0.01 to 0.04", "≤ 0.02", "? not certain"):
        assert text in lea.text
    picture = lea.chrome.find_element(By.CSS_SELECTOR, "svg.strip")
    assert picture.accessible_name == "-0.01 to 0.04, limit ≤ 0.02"
    assert 0 < picture.rect["width"] < SMALLEST
    assert lea.has("button.go")


@pytest.mark.parametrize("width", [1280, PHONE, SMALLEST])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_its_window_and_its_words_can_be_read(
    setting: Setting, browse: Browse, width: int, dark: bool
) -> None:
    approval = setting.open(summary="Model flights:2 passed staging. " + "averylongword" * 20)
    reader = opens(setting, browse(width=width, dark=dark), approval, "p-lea")
    script = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert reader.chrome.execute_script(script)
    for button in ("button.go", "button.stop"):
        box = reader.chrome.find_element(By.CSS_SELECTOR, button).rect
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["height"] >= 44
    for selector in (".lead", "dt", ".pill", "button.stop", "button.go", ".soft", ".detail", ".unit", ".skip"):
        assert _contrast(reader.chrome, selector) >= 4.5, selector


# Elements that a person who does not see the page could not tell from others.
_UNNAMED = """
const named = e => e.labels?.length || e.ariaLabel || e.querySelector('caption') || e.textContent.trim();
const wanted = 'input:not([type=hidden]), textarea, button, a, summary, svg, table';
return [...document.querySelectorAll(wanted)].filter(e => !named(e)).map(e => e.outerHTML);
"""

_CONTRAST = """
const paint = e => { for (; e; e = e.parentElement) {
  const c = getComputedStyle(e).backgroundColor; if (c !== 'rgba(0, 0, 0, 0)') return c; } };
const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map(v => { v /= 255;
  return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
const e = document.querySelector(arguments[0]);
const [a, b] = [light(getComputedStyle(e).color), light(paint(e))];
return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
"""


def _contrast(chrome: Chrome, selector: str) -> float:
    """Of text and ground, as WCAG 2.2 measures it; 4.5 is its level AA."""
    return float(chrome.execute_script(_CONTRAST, selector))
