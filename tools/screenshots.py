"""The README's pictures of pages, from the demo's data: `python -m tools.screenshots FOLDER` after `./run demo`.

FOLDER is the demo's (demo-data). Needs Chromium. People who speak the language work first as people do, through the
pages, in a copy of FOLDER: they decide, ask for looks, for an export and for a second person. So the pictures show
pages in use. Every picture shows facts; the one look is at a picture that the demo drew.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyrage
import uvicorn
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from sqlalchemy import update

from triage.bootstrap import Application, open_application
from triage.domain.people import EVERY_CASE, Membership, Role
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.services.managing_people import NewPerson
from triage.settings import Settings, load_settings
from triage.store.tables import submission

TARGET = Path(__file__).parents[1] / "docs/images"
_PORT = 8_479
_BASE = f"http://localhost:{_PORT}"
_SIZE: ViewportSize = {"width": 1366, "height": 768}
_LOOKS = 3
_SECONDS = 2_000
_RECEIVER = "Example agency"


@dataclass(frozen=True)
class Words:
    """What people of one language are called, and what they write."""

    analyst: str
    supervisor: str
    unit: str
    decided: str
    known: str
    export: str
    outcome: str


_WORDS = {
    "en": Words(
        "Malee Srisuk",
        "Somchai Rattana",
        "cyber unit 3",
        "One camera, one afternoon, beside what is known",
        "The court asks for a description of it",
        "Asked for in its letter 12/2026",
        "Taken on by the neighbouring unit",
    ),
    "th": Words(
        "มาลี ศรีสุข",
        "สมชาย รัตนะ",
        "หน่วยไซเบอร์ 3",
        "กล้องเดียว บ่ายเดียว อยู่ร่วมกับสิ่งที่รู้จัก",
        "ศาลขอคำบรรยายของรายการนี้",
        "ขอมาตามหนังสือเลขที่ 12/2569",
        "หน่วยข้างเคียงรับไปดำเนินการแล้ว",
    ),
}


def main() -> None:
    """Serve, sign in, work, and write."""
    TARGET.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for language, said in _WORDS.items():
            with TemporaryDirectory() as folder:
                data = shutil.copytree(Path(sys.argv[1]) / "deployment", Path(folder) / "deployment")
                _day(browser, load_settings(data=data), language, said)
        browser.close()


def _day(browser: Browser, settings: Settings, language: str, said: Words) -> None:
    """Two people of one language, in a deployment of their own."""
    people = {
        "malee.s": (said.analyst, {Role.ANALYST}),
        "somchai.r": (said.supervisor, {Role.SUPERVISOR, Role.WELFARE_LEAD}),
    }
    with _served(settings):
        tokens = [_session(settings, language, login, *who, said.unit) for login, who in people.items()]
        analyst, supervisor = (_window(browser, one) for one in tokens)
        _work(analyst, supervisor, settings, language, said)
        analyst.context.close()
        supervisor.context.close()


def _work(analyst: Page, supervisor: Page, settings: Settings, language: str, said: Words) -> None:
    """An analyst's day, with pictures on the way; then what the supervisor finds."""
    referral = _largest(settings)
    analyst.goto(f"{_BASE}/referrals/{referral}")
    _press(analyst, "c")
    analyst.locator("#decide").wait_for()
    lines = [one.get_attribute("href") or "" for one in analyst.locator("tbody tr[data-line] th a").all()]
    _look(analyst, lines[0], language)
    for line in lines[1:_LOOKS]:
        _look(analyst, line)
    analyst.goto(f"{_BASE}/referrals/{referral}")
    for place in range(_LOOKS, _LOOKS + 5):
        analyst.locator("input[name=item]").nth(place).check()
    analyst.keyboard.press("1")
    analyst.locator("#because").fill(said.decided)
    analyst.locator("#decide button[value=marked]").click()
    analyst.locator("#next-look-h").wait_for()
    _shoot(analyst, "referral", language)
    _ask_second(analyst, settings, referral, said)
    _ask_export(analyst, settings, referral, lines[0], said)
    analyst.goto(f"{_BASE}/referrals/{referral}")
    analyst.locator("#outcome-words").fill(said.outcome)
    with analyst.expect_navigation():
        analyst.locator("form[action$='/outcome'] button").click()
    for name, path in {
        "queue": "/queue",
        "submission": "/submissions/1",
        "exposure": "/exposure",
        "sets": "/sets",
    }.items():
        analyst.goto(_BASE + path)
        _shoot(analyst, name, language)
    for name, path in {"second": "/second", "welfare": "/welfare", "work": "/work", "audit": "/audit"}.items():
        supervisor.goto(_BASE + path)
        _shoot(supervisor, name, language)
    analyst.goto(f"{_BASE}/referrals/{referral}")
    _press(analyst, "s")


def _look(page: Page, item: str, language: str = "") -> None:
    """Ask, see for as long as it takes, end it; with a language, a picture of each step."""
    page.goto(_BASE + item)
    if language:
        _shoot(page, "item", language)
    _press(page, "v")
    page.locator("input[name=reason]").first.check()
    if language:
        _shoot(page, "asking", language)
    with page.expect_navigation():
        page.locator("form.sheet button").first.click()
    page.keyboard.press("v")
    page.locator("#look-canvas").wait_for(state="visible", timeout=60_000)
    page.wait_for_timeout(_SECONDS)
    if language:
        _shoot(page, "look", language)
    page.keyboard.press("Escape")
    page.wait_for_timeout(_SECONDS / 10)


def _ask_second(page: Page, settings: Settings, referral: int, said: Words) -> None:
    """A look at something known: refused alone, then a colleague is asked."""
    page.goto(f"{_BASE}/items/{_known(settings)}/look?referral={referral}")
    page.locator("input[name=reason][value=court]").check()
    page.locator("#words").fill(said.known)
    page.locator("form.sheet button").first.click()
    with page.expect_navigation():
        page.locator("form[action$='/second-person'] button").click()


def _ask_export(page: Page, settings: Settings, referral: int, item: str, said: Words) -> None:
    """One item, to a receiver whom its sender named, with a key of this moment."""
    _share(settings)
    page.goto(f"{_BASE}/referrals/{referral}/export")
    page.locator("#items").fill("I-" + item.split("/items/")[1].split("?", maxsplit=1)[0])
    page.locator("#receiver").fill(_RECEIVER)
    page.locator("#key").fill(str(pyrage.x25519.Identity.generate().to_public()))
    page.locator("#because").fill(said.export)
    page.locator("form.sheet button").click()
    page.wait_for_url("**/plans/*")


def _press(page: Page, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def _shoot(page: Page, name: str, language: str) -> None:
    page.wait_for_timeout(400)
    page.screenshot(path=TARGET / f"{name}-{language}.png")


def _window(browser: Browser, token: str) -> Page:
    context = browser.new_context(viewport=_SIZE, device_scale_factor=1)
    context.add_cookies([{"name": "triage", "value": token, "url": _BASE}])
    return context.new_page()


def _largest(settings: Settings) -> int:
    """The referral of most submissions."""
    return _number(settings, "select referral_id from referral_member group by 1 order by count(*) desc, 1 limit 1")


def _known(settings: Settings) -> int:
    """An item that a hash set knows."""
    return _number(settings, "select min(id) from item where outcome = 'known'")


def _share(settings: Settings) -> None:
    """The demo's senders name nobody; for an export one has to be named."""
    with _opened(settings) as application, application.store.writing() as unit:
        unit.connection.execute(update(submission).values(may_share_with=[_RECEIVER]))
        unit.commit()


def _number(settings: Settings, query: str) -> int:
    with _opened(settings) as application, application.store.reading() as unit:
        return int(unit.connection.exec_driver_sql(query).scalar_one())


def _session(settings: Settings, language: str, login: str, name: str, roles: set[Role], unit_name: str) -> str:
    """A session of a made-up person who speaks this language and is at work now, wherever this runs."""
    with _opened(settings) as application:
        new = NewPerson(login, name, unit_name, language, _zone_at_noon())
        application.managing_people.add(new, roles, "screenshots")
        application.managing_people.set_cases(new.login, [Membership(EVERY_CASE, None)], "screenshots")
        with application.store.writing() as unit:
            who = unit.people.required(new.login).principal.id
            issued = application.sessioning.begin(unit, who, ("password", "totp"))
            unit.commit()
        return issued.token


def _zone_at_noon() -> str:
    """A zone in which it is about noon: the time policy shows nothing at night."""
    ahead = 12 - time.gmtime().tm_hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@contextmanager
def _opened(settings: Settings) -> Iterator[Application]:
    application = open_application(settings)
    try:
        yield application
    finally:
        application.close()


@contextmanager
def _served(settings: Settings) -> Iterator[None]:
    web = web_app(Deployment(lambda: open_application(settings)), (), ("localhost",))
    server = uvicorn.Server(uvicorn.Config(web, port=_PORT, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.1)
    yield
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
