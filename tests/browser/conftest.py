"""Fixtures of the browser tests: a hub with the shop's data, and Chromium. Screenshots go to AZM_SHOTS (build/shots).
Without Chromium, or with a hub that was built without npm, they are skipped and say so."""
import os
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "scenario"))

import requests  # noqa: E402

import shop  # noqa: E402
from test_hub import Hub  # noqa: E402

SHOTS = pathlib.Path(os.environ.get("AZM_SHOTS", HERE.parents[1] / "build" / "shots"))


def pytest_configure(config):
    config.addinivalue_line("markers", "threads: of the scenarios")


@pytest.fixture(scope="session")
def webdriver():
    selenium = pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("chromium and chromium-driver are not installed")
    return selenium


def built(hub):
    if "app.js" not in requests.get(hub.url + "/", headers={"Accept": "text/html"}, timeout=30).text:
        pytest.skip("this hub was built without npm: it has the plain page only")
    return hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("hub")).start()
    shop.send(hub.url, shop.everything())
    yield hub
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


@pytest.fixture
def new_hub(tmp_path):
    """Starts an empty hub, with options, that lives as long as the test."""
    hubs = []

    def start(*options, **more):
        folder = tmp_path / str(len(hubs))
        folder.mkdir()
        hubs.append(Hub(folder, *options, **more).start())
        return built(hubs[-1])
    yield start
    for hub in hubs:
        if hub.process.poll() is None:
            assert hub.stop() == 0, hub.errors


@pytest.fixture(scope="session")
def chromium(webdriver, tmp_path_factory):
    downloads = tmp_path_factory.mktemp("downloads")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,900", "--lang=en-GB",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver")) if hasattr(webdriver, "ChromeService") else None
    chromium = webdriver.Chrome(options=options, **({"service": service} if service else {}))
    chromium.set_page_load_timeout(60)
    chromium.downloads = downloads
    yield chromium
    chromium.quit()


@pytest.fixture
def page(chromium, hub):
    from page import Page
    built(hub)
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "light"}]})
    page = Page(chromium, hub.url)
    page.size("wide")
    yield page
    page.forget()
    assert page.complaints() == []
