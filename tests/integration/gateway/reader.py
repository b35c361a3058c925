"""A person in front of a browser, and how they come to an approval's page."""

from dataclasses import dataclass

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from shared.approvals import Approval
from tests.integration.gateway.conftest import Setting
from tests.support.eventually import eventually

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


def opens(setting: Setting, chrome: Chrome, approval: Approval, person: str) -> Reader:
    """Follow the link, sign in, and come back to it."""
    chrome.get(setting.address(approval))
    reader = Reader(chrome)
    assert "Please sign in" in reader.text
    reader.press("a.button")
    chrome.find_element(By.CSS_SELECTOR, f"button[value={person}]").click()
    eventually(lambda: "/approvals/" in chrome.current_url)
    return reader
