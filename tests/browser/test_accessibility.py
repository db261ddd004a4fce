"""axe-core over every page, in both complete languages and both colour schemes: no violation of WCAG 2.2 A or AA.

axe-core (vendor/axe.min.js, 4.14.1, MPL-2.0, unchanged) is put into the page by the browser's own tools, in a context
without the page's policy; nothing of it is shipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_looks import ask, show
from triage.domain.access import Action, Purpose
from triage.domain.claims import QueueFilter
from triage.domain.decisions import Said
from triage.domain.outcomes import OutcomeCode
from triage.services.permitting import an_item

Enter = Callable[..., Page]
AXE = Path(__file__).parent / "vendor/axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

LONG = pytest.mark.skipif("TRIAGE_TEST_LONG" not in os.environ, reason="long: set TRIAGE_TEST_LONG=1")
"""CI has twenty minutes; before a release all of it is run."""


@cache
def axe() -> str:
    """The program."""
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe says against the page in light, and against its colours in the dark: rule, element, and why."""
    page.evaluate(axe())
    page.emulate_media(color_scheme="light")
    found = told(page, {"type": "tag", "values": LEVELS})
    page.emulate_media(color_scheme="dark")
    return found + told(page, {"type": "rule", "values": ["color-contrast"]})


def told(page: Page, only: dict[str, Any]) -> list[str]:
    """What these rules say."""
    found: list[dict[str, Any]] = page.evaluate(
        "runOnly => axe.run(document, {runOnly, resultTypes: ['violations']}).then(told => told.violations)", only
    )
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}: {node['failureSummary'][:300]}"
        for one in found
        for node in one["nodes"]
    ]


def pages(review: Served) -> dict[str, list[str]]:
    """Addresses by who opens them: each template at least once, full and empty."""
    n = review.n
    with review.house.application.store.reading() as unit:
        (submission,) = unit.pages.submissions_of([n.seizure])[n.seizure]
    return {
        "anna": [
            "/queue", "/queue?state=done", f"/referrals/{n.seizure}", f"/referrals/{n.hostile}",
            f"/referrals/{n.reported}", f"/referrals/{n.seizure}?decided=1",
            f"/items/{n.unknown}?referral={n.seizure}",
            f"/items/{n.known}", f"/items/{n.unknown}/look?referral={n.seizure}",
            f"/items/{n.not_viewed}/look?referral={n.reported}", "/submissions",
            f"/submissions/{submission}", "/sets",
            "/work", "/exposure", "/account", "/none", "/step-up",
        ],
        "susan": ["/second", "/welfare", "/audit"],
        "wanda": ["/welfare", "/"],
        "adam": ["/people", "/people/anna", "/people/adam"],
        "": ["/sign-in", "/enrol"],
    }  # fmt: skip


def prepare(review: Served) -> None:
    """Something on every page: a claim, a decision that waits, a request, a note, a filter, a draw."""
    house, n = review.house, review.n
    application, anna = house.application, house.person("anna")
    held = application.claiming.take(anna, n.seizure)
    for item, category in ((n.unknown, "baseline"), (n.centre, "not-child")):
        codes = [one.code for one in application.schemes.scheme(application.review_rules.scheme).categories]
        said = category if category in codes else codes[-1]
        application.deciding.decide(anna, held, [item], Said(said, "a made-up reason"))
    application.approving.request(anna, Action.REVEAL_KNOWN, an_item(n.known), "a made-up reason", Purpose.COURT)
    application.claiming.save_view(anna, "Urgent ones", QueueFilter(danger=2))
    application.telling_outcomes.tell(anna, n.seizure, next(iter(OutcomeCode)), "a made-up sentence")
    application.exposing.draw_sample()


@pytest.mark.parametrize("language", ["en", pytest.param("th", marks=LONG)])
def test_no_page_has_a_violation(review: Served, enter: Enter, language: str) -> None:
    """Every template, with something in it."""
    prepare(review)
    with review.house.application.store.writing() as unit:
        for login in ("anna", "susan", "wanda", "adam"):
            unit.people.set_language(review.house.person(login).id, language)
        unit.commit()
    found = []
    for login, addresses in pages(review).items():
        page = enter(login or "anna", bypass_csp=True, reduced_motion="reduce", locale=language)
        if not login:
            page.context.clear_cookies()
        for address in addresses:
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == language
            found += violations(page)
    assert found == []


def test_no_page_is_wider_than_a_narrow_window(review: Served, enter: Enter) -> None:
    """At 320 pixels (1,280 enlarged four times) only tables and drawings scroll sideways, in frames of their own."""
    prepare(review)
    wide = []
    for login, addresses in pages(review).items():
        page = enter(login or "anna", viewport={"width": 320, "height": 640})
        if not login:
            page.context.clear_cookies()
        for address in addresses:
            page.goto(address)
            expect(page.locator('[hx-get*="/opinions"]')).to_have_count(0, timeout=30_000)  # it comes after the page
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(address)
    assert wide == []


def test_a_look_has_no_violation(review: Served, enter: Enter) -> None:
    """Refused, allowed, shown, over; and the dialog of keys."""
    page = enter("anna", bypass_csp=True, reduced_motion="reduce")
    review.house.application.claiming.take(review.house.person("anna"), review.n.seizure)
    ask(page, review.n.known, review.n.seizure, words="A made-up reason, long enough")
    found = violations(page)
    ask(page, review.n.unknown, review.n.seizure)
    found += violations(page)
    show(page)
    found += violations(page)
    page.keyboard.press("Escape")
    expect(page.get_by_text("The look is over.")).to_be_visible()
    found += violations(page)
    page.keyboard.press("?")
    found += violations(page)
    assert found == []


def test_the_tool_itself_sees_what_it_is_there_for(enter: Enter) -> None:
    """A field without a label, a contrast too weak, a page without a language."""
    page = enter("anna", bypass_csp=True, reduced_motion="reduce")
    page.evaluate(
        """() => {
            document.documentElement.removeAttribute("lang");
            document.querySelector("h1").style.color = "#eeeeee";
            document.querySelector("main").append(document.createElement("input"));
        }"""
    )
    assert {"html-has-lang", "color-contrast", "label"} <= {one.split(": ")[1] for one in violations(page)}
