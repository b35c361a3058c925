"""The page as it is drawn, heard and used by the keyboard, on every width, in a real browser."""

from itertools import pairwise

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from shared.approvals import Exhibit, Exhibits, HeldAction
from shared.events import ApprovalGranted, CanaryStep, CountedStep, Finding
from tests.integration.gateway.conftest import Setting
from tests.integration.gateway.control import Control
from tests.integration.gateway.reader import opens
from tests.support.builders import digest, endpoint_ref, package_ref
from tests.support.chromium import Browse

PHONE, SMALLEST = 390, 320
_STEPS = (
    CountedStep(share=5, came="passed", seconds=600, requests=1240, failed=2, slow=12, slow_ms=25, by_a_person=True),
    CountedStep(share=20, came="present", seconds=3600, requests=150, slow=9, slow_ms=25),
    CountedStep(share=50, came="to come", seconds=600, least_requests=500),
)


def test_the_page_is_used_by_the_keyboard_alone(setting: Setting, browse: Browse) -> None:
    control = Control(setting)
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
    assert (picture.aria_role, picture.accessible_name) == ("image", "180.2 ms, limit at most 100 ms")


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
    step = CanaryStep(package=package_ref("2"), share=20, following=50, seconds=3600, findings=(finding,), steps=_STEPS)
    shown = Exhibits(because=(Exhibit(kind="canary_step", data=step.model_dump(mode="json")),))
    action = HeldAction(
        service="promotion", about=str(endpoint_ref().entity), decision="d", would=("give it 50 % of the requests",),
        digest=digest("9"), answer="tell",
    )  # fmt: skip
    approval = setting.open(candidate=None, action=action, evidence=setting.keep(shown.body()))
    lea = opens(setting, browse(width=SMALLEST), approval, "p-lea")
    for text in (
        "promotion goes on: give it 50 % of the requests.", "-0.01 to 0.04", "at most 0.02", "? not certain",
        "2 (0.16%)",
        "50 % of the requests, for at least 10 minutes and 500 requests",
    ):  # fmt: skip
        assert text in lea.text
    picture = lea.chrome.find_element(By.CSS_SELECTOR, "svg.strip")
    assert picture.accessible_name == "-0.01 to 0.04, limit at most 0.02"
    assert 0 < picture.rect["width"] < SMALLEST
    for cell in lea.chrome.find_elements(By.CSS_SELECTOR, "table td, tbody th"):
        assert cell.rect["x"] + cell.rect["width"] <= SMALLEST
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
