"""Headless Chromium for tests of pages. Where it is missing, root installs it; anybody else is told the command.

Installed before the first test runs, so that no test's time-out has to wait for a package manager.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

PACKAGES = ("chromium", "chromium-driver")
INSTALL = f"sudo apt-get update && sudo apt-get install -y {' '.join(PACKAGES)}"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip
_LONGEST_INSTALLATION_S = 300

type Browse = Callable[..., Chrome]


def installed() -> tuple[str, str] | None:
    """Browser and driver, if both are here."""
    browser = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def install() -> None:
    """By apt, if we may; whatever goes wrong is left to the tests, which say then what is missing."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    get = ["apt-get", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*get, "update"], [*get, "install", "-y", "--no-install-recommends", *PACKAGES]):
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=_LONGEST_INSTALLATION_S, check=True)
        except (subprocess.SubprocessError, OSError):
            return


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any("browse" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly and installed() is None:
        install()


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Browse]:
    """Start browsers of one's own: `browse(width=.., height=.., dark=..)`; all are ended after the test."""
    found = installed()
    if found is None:
        pytest.skip(f"Chromium is missing; install it with: {INSTALL}")
    started: list[Chrome] = []

    def start(width: int = 1280, height: int = 900, dark: bool = False) -> Chrome:
        started.append(_start(*found, tmp_path / f"profile-{len(started)}", width, height, dark))
        return started[-1]

    yield start
    for browser in started:
        browser.quit()


def _start(browser: str, driver: str, profile: Path, width: int, height: int, dark: bool) -> Chrome:
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*_QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    chrome = Chrome(options=options, service=Service(executable_path=driver))
    chrome.set_page_load_timeout(60)
    # A window has a least width of its own; a phone's is emulated.
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    return chrome
