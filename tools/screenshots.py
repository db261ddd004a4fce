"""The README's pictures of pages, from the demo's data: `python -m tools.screenshots FOLDER` after `./run demo`.

FOLDER is the demo's (demo-data). Needs Chromium. Every picture shows facts; the one look is at a picture
that the demo drew.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from triage.bootstrap import open_application
from triage.domain.people import EVERY_CASE, Membership, Role
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.services.managing_people import NewPerson
from triage.settings import Settings, load_settings

TARGET = Path(__file__).parents[1] / "docs/images"
_PORT = 8_479
_BASE = f"http://localhost:{_PORT}"
_SIZE: ViewportSize = {"width": 1366, "height": 768}
_PAGES = {
    "queue": "/queue",
    "referral": "/referrals/{taken}",
    "submission": "/submissions/1",
    "exposure": "/exposure",
    "welfare": "/welfare",
    "work": "/work",
    "sets": "/sets",
    "second": "/second",
    "audit": "/audit",
}


def main() -> None:
    """Serve, sign in, walk, and write."""
    settings = load_settings(data=Path(sys.argv[1]) / "deployment")
    TARGET.mkdir(exist_ok=True)
    with _served(settings), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for language in ("en", "th"):
            _walk(browser, _session(settings, language), language)
        browser.close()


def _walk(browser: Browser, token: str, language: str) -> None:
    context = browser.new_context(viewport=_SIZE, device_scale_factor=1)
    context.add_cookies([{"name": "triage", "value": token, "url": _BASE}])
    page = context.new_page()
    page.goto(f"{_BASE}/queue")
    _shoot(page, "queue", language)
    page.keyboard.press("n")
    page.wait_for_url("**/referrals/*")
    taken = page.url.split("/referrals/")[1].split("?")[0]
    for name, path in _PAGES.items():
        if name != "queue":
            page.goto(_BASE + path.format(taken=taken))
            _shoot(page, name, language)
    page.goto(f"{_BASE}/referrals/{taken}")
    item = page.locator("tbody tr[data-line] th a").first.get_attribute("href")
    page.goto(f"{_BASE}{item}")
    _shoot(page, "item", language)
    page.keyboard.press("v")
    page.wait_for_url("**/look?*")
    page.locator("input[name=reason]").first.check()
    _shoot(page, "asking", language)
    with page.expect_navigation():
        page.locator("form.sheet button").first.click()
    page.keyboard.press("v")
    page.locator("#look-canvas").wait_for(state="visible", timeout=60_000)
    _shoot(page, "look", language)
    page.keyboard.press("Escape")
    page.goto(f"{_BASE}/referrals/{taken}")
    page.keyboard.press("s")
    page.wait_for_url("**/queue*")
    context.close()


def _shoot(page: Page, name: str, language: str) -> None:
    page.wait_for_timeout(400)
    page.screenshot(path=TARGET / f"{name}-{language}.png")


def _session(settings: Settings, language: str) -> str:
    """A session of a made-up person who speaks this language and is at work now, wherever this runs."""
    application = open_application(settings)
    try:
        login = f"guide-{language}-{int(time.time())}"
        new = NewPerson(login, "มาลี" if language == "th" else "Malee", "demo unit", language, _zone_at_noon())
        roles = {Role.ANALYST, Role.SUPERVISOR, Role.WELFARE_LEAD}
        application.managing_people.add(new, roles, "screenshots")
        application.managing_people.set_cases(login, [Membership(EVERY_CASE, None)], "screenshots")
        with application.store.writing() as unit:
            who = unit.people.required(login).principal.id
            issued = application.sessioning.begin(unit, who, ("password", "totp"))
            unit.commit()
        return issued.token
    finally:
        application.close()


def _zone_at_noon() -> str:
    """A zone in which it is about noon: the time policy shows nothing at night."""
    ahead = 12 - time.gmtime().tm_hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


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
