"""A real browser before a real server: Chromium, driven by Playwright, over a deployment in a folder."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.services import missing
from tests.unit.triage.people import LAYERS, House
from triage.bootstrap import open_application
from triage.deploying import initialise
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.interfaces.web.serving import bound
from triage.settings import ServeSettings, load_settings

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        missing("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Served:
    """A deployment that answers, and what browsers said went against its pages' policies."""

    house: House
    address: str
    complaints: list[str] = field(default_factory=list)


@contextmanager
def served(house: House) -> Iterator[Served]:
    """The application on a port of this machine, in a thread of this process."""
    web = web_app(Deployment(lambda: house.application), LAYERS)
    with bound(ServeSettings(host="127.0.0.1", port=0, names=())) as listening:
        config = uvicorn.Config(web, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield Served(house, f"http://localhost:{listening.getsockname()[1]}")
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    """A new deployment, served. Its clock is the tests' own."""
    chosen = load_settings(data=tmp_path / "data")
    initialise(chosen)
    opened = open_application(chosen)
    with served(House.over(opened)) as running:
        yield running
    opened.close()
    assert running.complaints == []


@pytest.fixture
def context(chromium: Browser, site: Served) -> Iterator[BrowserContext]:
    """A browser with no past, as small as our smallest screen."""
    made = chromium.new_context(base_url=site.address, viewport={"width": 1366, "height": 768})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, site: Served) -> Page:
    """A window. Whatever breaks the page's policy, or reaches for another host, is a complaint."""
    opened = context.new_page()
    opened.set_default_timeout(10_000)

    def heard(text: str) -> None:
        if "Content Security Policy" in text or "TrustedHTML" in text:
            site.complaints.append(text)

    opened.on("console", lambda message: heard(message.text))
    opened.on(
        "request",
        lambda request: None if request.url.startswith(site.address) else site.complaints.append(request.url),
    )
    return opened
