"""Every page of every role, followed link by link, and everything else that answers: none holds a picture (X1)."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urldefrag, urljoin

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Served
from tests.browser.material import Worked
from tests.browser.watching import A_LOOK, Sent, Tap

ERRORS = (
    "/none", "/items/0", "/items/99999999999999999999999", "/items/-1", "/items/one", "/items/1/look",
    "/items/1/look?referral=99", "/items/99/look?referral=1", "/referrals/0", "/referrals/9223372036854775808",
    "/referrals/1?after=-99999999999999999999", "/submissions/0", "/submissions/9223372036854775808", "/looks/open",
    "/looks/1/end", "/submissions?before=99999999999999999999999", "/queue?offset=99999999999999999999999&days=٣",
    "/static/0/base.css", "/people/nobody", "/queue?danger=9&clock=x&case=%00%0d%0a&told=%3Cscript%3E", "/enrol",
    "/step-up?next=//elsewhere.example", "/sign-in?next=https://elsewhere.example", "/openapi.json", "/docs",
    "/health", "/ready", "/metrics",
)  # fmt: skip

LONG = pytest.mark.skipif("TRIAGE_TEST_LONG" not in os.environ, reason="long: set TRIAGE_TEST_LONG=1")
"""CI has twenty minutes; before a release all of it is run."""
OTHERS = ("adam", "cora", "susan", "wanda")


def linked(page: Page) -> set[str]:
    """Where the page leads: links, and forms that only ask."""
    found = page.locator("a[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    if "?" in page.url:  # a form that is filled in leads to all its combinations
        return {urldefrag(urljoin(page.url, one)).url for one in found}
    forms = page.locator("form[method=get]").evaluate_all(
        """all => all.flatMap(form => {
            const asked = new URLSearchParams(new FormData(form));
            const ways = [asked.toString()];
            for (const one of form.querySelectorAll("select"))
                for (const option of one.options) {
                    const other = new URLSearchParams(asked);
                    other.set(one.name, option.value);
                    ways.push(other.toString());
                }
            return ways.map(way => form.getAttribute("action") + "?" + way);
        })"""
    )
    return {urldefrag(urljoin(page.url, one)).url for one in (*found, *forms)}


def kind_of(review: Served, address: str) -> str:
    """The path, with N for each number."""
    return re.sub(r"\d+", "N", address.partition("?")[0].removeprefix(review.address))


@pytest.mark.parametrize("login", ["anna", "petra", *(pytest.param(one, marks=LONG) for one in OTHERS)])
def test_no_page_of_a_role_holds_a_picture(review: Served, enter: Callable[..., Page], login: str) -> None:
    """Links and forms of every page that is reached; the same as JSON. The fixture reads each byte that is sent.

    The analyst's pages are visited one and all, of the others' three of each kind.
    """
    page = enter(login)
    review.house.application.claiming.take(review.house.person("anna"), review.n.seizure)
    waiting, seen, most = linked(page) | {page.url}, set[str](), 1000 if login == "anna" else 3
    alike = Counter[str]()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        alike[kind_of(review, address)] += 1
        if alike[kind_of(review, address)] > most:
            continue
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        waiting |= {one for one in linked(page) if one.startswith(f"{review.address}/")} - seen
        assert page.evaluate("window.struck") == 0, address
    for address in sorted(seen):
        assert page.request.get(address, headers={"Accept": "application/json"}).status == 200
    kinds = {kind_of(review, address) for address in seen}
    least = {
        "adam": {
            "/queue",
            "/items/N",
            "/referrals/N",
            "/submissions/N",
            "/people",
            "/people/anna",
            "/audit",
            "/work",
        },
        "cora": {"/sets", "/exposure", "/account"},
        "anna": {"/queue", "/items/N", "/referrals/N", "/submissions/N", "/second", "/sets", "/exposure"},
        "susan": {"/queue", "/items/N", "/audit", "/welfare", "/second"},
        "wanda": {"/welfare", "/exposure"},
        "petra": {"/queue", "/items/N", "/referrals/N", "/exposure"},
    }
    assert least[login] <= kinds


@pytest.mark.parametrize("login", ["anna", "petra"])
def test_no_answer_to_what_is_wrong_holds_a_picture(review: Served, enter: Callable[..., Page], login: str) -> None:
    """Errors as pages and as JSON; and none is a fault of ours."""
    page = enter(login)
    for accept in ("text/html", "application/json", "image/*"):
        for path in ERRORS:
            for method in ("GET", "POST", "HEAD"):
                page.request.fetch(review.address + path, method=method, headers={"Accept": accept})
    assert [(one.method, one.path) for one in review.tap.sent if one.status >= 500] == []


def test_the_stream_of_figures_holds_no_picture(review: Served, enter: Callable[..., Page]) -> None:
    """Text events with tables in them."""
    page = enter("anna", at="/work")
    with page.expect_request("**/work/events"):
        page.reload()
    page.wait_for_timeout(800)
    stream, *_ = [one for one in review.tap.sent if one.path == "/work/events"]
    assert stream.header("content-type").startswith("text/event-stream")
    assert stream.body.startswith(b"data: <dl")


def test_the_watch_itself_sees_what_it_is_there_for(worked: Worked) -> None:
    """A picture as a body, under a false type, in Base64, as an address, as an element, in pieces."""
    planted = worked.planted()
    picture = worked.pictures[3]
    html = [("content-type", "text/html")]
    piece = picture[len(picture) // 3 : len(picture) // 3 + 400]
    for body in (
        picture,
        b"<p>" + piece,
        b'<a href="data:image/png;base64,AA">',
        b'<img src="/x">',
        b"<p>/9j/4AAQSkZJRg",
    ):
        assert Sent("GET", "/x", 200, html, bytearray(body)).surprises(planted), body[:20]
    assert Sent("GET", "/x", 200, [("content-type", "image/svg+xml")]).surprises(planted)
    assert Sent("GET", "/x", 200, html, bytearray(b"<p>plain")).surprises(planted) == []
    tap = Tap(None, [Sent("POST", A_LOOK, 200, html, bytearray(picture))])  # type: ignore[arg-type] # asks nothing
    assert tap.surprises(planted) == []
    assert len(tap.faults_of_headers()) == 3
