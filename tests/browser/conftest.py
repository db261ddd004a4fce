"""A real browser before a real server: Chromium, driven by Playwright, over a deployment in a folder."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.material import CASE, NOTHING, OTHER_CASE, Numbers, Worked, make_worked
from tests.browser.watching import Tap, watch
from tests.integration.seizures import made_once
from tests.services import missing
from tests.unit.triage.people import LAYERS, House
from triage.bootstrap import open_application
from triage.deploying import initialise
from triage.domain.people import Principal, Role
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.interfaces.web.serving import bound
from triage.settings import ServeSettings, Settings, load_settings

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
    tap: Tap
    complaints: list[str] = field(default_factory=list)
    n: Numbers = NOTHING

    def let_in(self, context: BrowserContext, login: str) -> Principal:
        """A session for somebody, as a sign-in of just now begins one."""
        person = self.house.person(login)
        with self.house.application.store.writing() as unit:
            issued = self.house.application.sessioning.begin(unit, person.id, ["password", "totp"])
            unit.commit()
        context.add_cookies(
            [{"name": "triage", "value": issued.token, "url": self.address, "httpOnly": True, "sameSite": "Strict"}]
        )
        return person


@contextmanager
def served(house: House) -> Iterator[Served]:
    """The application on a port of this machine, in a thread of this process."""
    web = Tap(web_app(Deployment(lambda: house.application), LAYERS))
    with bound(ServeSettings(host="127.0.0.1", port=0, names=(), proxies=())) as listening:
        config = uvicorn.Config(web, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield Served(house, f"http://localhost:{listening.getsockname()[1]}", web)
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
    assert running.tap.surprises() == []
    assert running.tap.faults_of_headers() == []


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

    watch(opened, site.address, site.complaints)
    return opened


PEOPLE = {
    "adam": (Role.ADMINISTRATOR, ("*",)),
    "cora": (Role.CURATOR, ()),
    "anna": (Role.ANALYST, ("*",)),
    "alex": (Role.ANALYST, (CASE,)),
    "otto": (Role.ANALYST, (OTHER_CASE,)),
    "susan": (Role.SUPERVISOR, ("*",)),
    "wanda": (Role.WELFARE_LEAD, ()),
    "petra": (Role.PARTNER, (CASE,)),
}
"""By login: one of each role, and three analysts whose cases differ."""


@pytest.fixture(scope="session")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """A deployment with everything in it, made once for all processes. For cloning only."""
    base = tmp_path_factory.getbasetemp()
    return made_once(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base, "browsed", make_worked)


@pytest.fixture(scope="session")
def planted(worked: Worked) -> re.Pattern[bytes]:
    """Pieces of its pictures."""
    return worked.planted()


@pytest.fixture
def cloned(worked: Worked, tmp_path: Path) -> Path:
    """The folder of a clone of it."""
    return worked.deployment.clone(tmp_path / "data").data


@pytest.fixture
def chosen(cloned: Path) -> Settings:
    """The clone's settings: its own database. Tests over a server's put their own in place of this."""
    return load_settings(data=cloned)


@pytest.fixture
def review(worked: Worked, planted: re.Pattern[bytes], chosen: Settings) -> Iterator[Served]:
    """The clone, served, with its people. Nothing that is sent holds a picture but a look that was asked for."""
    opened = open_application(chosen)
    house = House.over(opened)
    for login, (role, cases) in PEOPLE.items():
        house.invite(login, role, cases=cases)
    with served(house) as running:
        running.n = worked.numbers
        yield running
    opened.close()
    assert running.complaints == []
    assert running.tap.surprises(planted) == []
    assert running.tap.faults_of_headers() == []


@pytest.fixture
def enter(chromium: Browser, review: Served) -> Iterator[Callable[..., Page]]:
    """A new browser for somebody of `PEOPLE`, at their first page; `options` are the context's."""
    contexts: list[BrowserContext] = []

    def entered(login: str, *, expected: tuple[str, ...] = (), at: str = "/", **options: object) -> Page:
        given = {"base_url": review.address, "viewport": {"width": 1366, "height": 768}, **options}
        contexts.append(chromium.new_context(**given))  # type: ignore[arg-type] # as its own keywords
        review.let_in(contexts[-1], login)
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.add_init_script("window.struck = 0")
        watch(page, review.address, review.complaints, expected=expected)
        page.goto(at)
        return page

    yield entered
    for one in contexts:
        one.close()
