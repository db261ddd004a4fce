"""A look: asked for, allowed, opened once, watermarked, wiped. Each test tries to get more (X2 to X12)."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from demo.pictures import photo_like
from tests.browser.conftest import Served
from tests.browser.material import SIDES
from tests.browser.watching import A_LOOK
from tests.contracts.test_flagged_looks import tagged

WORDS = "A made-up reason, long enough"
CHOSEN = "I choose to look at what is marked as violent"
Enter = Callable[..., Page]


def ask(
    page: Page, item: int, referral: int, *, level: str = "reduced", words: str = "", chosen: bool = False
) -> None:
    """Ask for a look by the form; `chosen`: also at what is marked as violent."""
    page.goto(f"/items/{item}/look?referral={referral}")
    form = page.locator(f'form[action^="/items/{item}/look"]')
    form.locator('input[name="reason"][value="legal-threshold"]').check()
    form.locator(f'input[name="level"][value="{level}"]').check()
    form.get_by_label("In a sentence").fill(words)
    if chosen:
        form.get_by_label(CHOSEN).check()
    with page.expect_navigation():  # until its script is there: else a click on what it has may do nothing
        form.get_by_role("button", name="Ask for the look").click()


def refused(page: Page) -> str:
    """The code with which it was refused."""
    return page.locator('[role="alert"] .mono').first.inner_text()


def holding(review: Served, enter: Enter, login: str = "anna", referral: int = 0) -> Page:
    """Somebody with the referral in hand."""
    page = enter(login)
    review.house.application.claiming.take(review.house.person(login), referral or review.n.seizure)
    return page


def put_back(review: Served, login: str) -> None:
    """The referral leaves their hands."""
    claiming, who = review.house.application.claiming, review.house.person(login)
    claiming.put_back(who, claiming.claim_on(who, review.n.seizure))


def show(page: Page) -> None:
    """Open the look that was allowed."""
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("#look-canvas")).to_be_visible()


def assert_wiped(page: Page) -> None:
    """Nothing of it is on the page."""
    expect(page.locator("#look-canvas")).to_be_hidden()
    size = page.locator("#look-canvas").evaluate("canvas => [canvas.width, canvas.height]")
    assert size == [1, 1]
    expect(page.get_by_role("button", name="Show it")).to_be_hidden()


def looks(review: Served) -> list[bytes]:
    """Pictures that were sent."""
    return [bytes(one.body) for one in review.tap.sent if one.is_a_look]


def opened(page: Page, token: str) -> int:
    """What comes of opening with a token, from a page of theirs."""
    answer = page.request.post(
        A_LOOK,
        data=json.dumps({"token": token}),
        headers={"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"},
    )
    return answer.status


def test_one_look_shows_one_reduced_rendition_once(review: Served, enter: Enter) -> None:
    """X2, X11: nothing before the click; small and without colour; the token opens nothing a second time."""
    page = holding(review, enter)
    ask(page, review.n.unknown, review.n.seizure)
    token = page.evaluate("document.querySelector('#look').dataset.token")
    assert token is None, "a script that slipped in finds no token"
    assert looks(review) == []
    with page.expect_request(A_LOOK) as asked:
        show(page)
    (jpeg,) = looks(review)
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    assert max(picture.size) < max(SIDES)
    colours = np.asarray(picture, dtype=np.int16)
    assert int(np.ptp(colours, axis=2).max()) < 24, "the reduced level is grey"
    body = asked.value.post_data_json
    assert opened(page, body["token"]) == 403
    assert len(looks(review)) == 1
    (sent,) = [one for one in review.tap.sent if one.is_a_look]
    assert sent.header("cache-control") == "no-store"
    assert "attachment" in sent.header("content-disposition")
    assert page.locator("img, picture, [style*=url]").count() == 0
    page.get_by_role("button", name="End the look").click()
    assert_wiped(page)


def test_the_token_of_a_look_opens_nothing_for_others(review: Served, enter: Enter) -> None:
    """X11: forged, another person's, too old, of a claim that is lost."""
    page, other = holding(review, enter), enter("susan")
    assert opened(page, "forged") == 403
    assert opened(page, "x" * 43) == 403
    for wrong in ("null", "[]", '"x"', '{"token": 7}', "{", '{"token": "\\ud800"}', "[" + "[" + "9" * 5000):
        answer = page.request.post(
            A_LOOK, data=wrong.encode(), headers={"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        )
        assert answer.status in {403, 422}, wrong
    for spoil in ("another", "expired", "put-back"):
        ask(page, review.n.unknown, review.n.seizure)
        with page.expect_request(A_LOOK) as asked:
            page.route(f"**{A_LOOK}", lambda route: route.abort())
            page.get_by_role("button", name="Show it").click()
        page.unroute(f"**{A_LOOK}")
        token = asked.value.post_data_json["token"]
        if spoil == "another":
            assert opened(other, token) == 403
        elif spoil == "expired":
            review.house.clock.on(seconds=61)
            assert opened(page, token) == 403
        else:
            put_back(review, "anna")
            assert opened(page, token) == 409
    assert looks(review) == []
    review.complaints[:] = [one for one in review.complaints if "ERR_FAILED" not in one]


def test_no_look_without_the_claim_a_reason_or_the_right(review: Served, enter: Enter) -> None:
    """X5: not held, held by another, no reason, a role that never may, an item that is not in the referral."""
    page = enter("anna")
    ask(page, review.n.unknown, review.n.seizure)
    expect(page.get_by_role("alert")).to_be_visible()
    for login in ("adam", "petra"):
        theirs = enter(login)
        ask(theirs, review.n.unknown, review.n.seizure)
        expect(theirs.get_by_role("alert").first).to_be_visible()
    review.house.application.claiming.take(review.house.person("susan"), review.n.seizure)
    ask(page, review.n.unknown, review.n.seizure)
    expect(page.get_by_role("alert")).to_be_visible()
    holder = enter("susan")
    ask(holder, review.n.elsewhere, review.n.seizure)
    expect(holder.get_by_role("alert")).to_be_visible()
    for reason in ("", "curious", "work"):
        answer = holder.request.post(
            f"/items/{review.n.unknown}/look",
            form={"referral": str(review.n.seizure), "reason": reason, "level": "reduced"},
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        )
        assert answer.status == 403
        assert "look-reason" in answer.text() or "purpose-unfit" in answer.text()
    assert looks(review) == []


def test_what_is_known_takes_a_second_person(review: Served, enter: Enter) -> None:
    """X3: refused alone with words; asked; agreed to by a supervisor, not by oneself; good once."""
    page = holding(review, enter)
    page.goto(f"/referrals/{review.n.seizure}")
    assert page.locator(f'a[href^="/items/{review.n.known}?"]').count() == 0, (
        "what is known is not offered for deciding"
    )
    ask(page, review.n.known, review.n.seizure, words=WORDS)
    assert refused(page) == "second-person-needed"
    again = page.locator('form[action$="/second-person"]')
    again.locator('input[value="court"]').check()
    again.get_by_label("In a sentence").fill(WORDS)
    again.get_by_role("button", name="Ask a second person").click()
    expect(page.get_by_role("status")).to_contain_text("A second person is asked.")
    ask(page, review.n.known, review.n.seizure, words=WORDS)
    assert refused(page) == "second-person-needed"
    page.goto("/second")
    asked = page.locator('section[aria-labelledby="mine-h"] tbody tr')
    expect(asked).to_contain_text([f"I-{review.n.known}"])
    expect(asked).to_contain_text(["waits for a second person"])
    second = enter("susan", at="/second")
    second.get_by_role("button", name="Agree").click()
    expect(second.get_by_role("status")).to_contain_text("Agreed to.")
    page.reload()
    expect(asked).to_contain_text(["agreed to"])
    ask(page, review.n.known, review.n.seizure, words=WORDS)
    show(page)
    assert len(looks(review)) == 1
    ask(page, review.n.known, review.n.seizure, words=WORDS)
    assert refused(page) == "second-person-needed"


def test_what_nobody_at_the_provider_opened_is_not_rendered(review: Served, enter: Enter) -> None:
    """X12: the page says so before, and the answer stays no."""
    page = holding(review, enter, referral=review.n.reported)
    ask(page, review.n.not_viewed, review.n.reported)
    assert refused(page) == "gate-not-viewed"
    expect(page.get_by_text("The law does not let it be shown yet.")).to_be_visible()
    assert looks(review) == []


def test_the_representative_comes_first_and_full_comes_second(review: Served, enter: Enter) -> None:
    """X4: a member of a group waits for the one that stands for it; X2: full only after reduced."""
    page = holding(review, enter)
    ask(page, review.n.member, review.n.seizure, words=WORDS)
    assert refused(page) == "look-representative-first"
    ask(page, review.n.centre, review.n.seizure, level="full")
    assert refused(page) == "look-reduced-first"
    ask(page, review.n.centre, review.n.seizure)
    show(page)
    ask(page, review.n.centre, review.n.seizure, level="full")
    show(page)
    assert len(looks(review)) == 2


def test_what_is_marked_as_violent_is_chosen_look_by_look(review: Served, enter: Enter) -> None:
    """X6: nothing is ticked for anybody; unticked it is refused, and a choice is forgotten once it was used."""
    page, n = holding(review, enter), review.n
    store = review.house.application.store
    page.goto(f"/items/{n.centre}/look?referral={n.seizure}")
    assert page.get_by_label(CHOSEN).count() == 0, "what nobody marks asks for no choice"
    tagged(store, n.member, ["Violence"])  # and so is all that looks like it
    for left in (10, 9):
        ask(page, n.centre, n.seizure)
        assert refused(page) == "look-flagged"
        expect(page.get_by_label(CHOSEN)).not_to_be_checked()
        expect(page.get_by_text(f"Left of it today: {left} looks")).to_be_visible()
        assert len(looks(review)) == 10 - left
        ask(page, n.centre, n.seizure, chosen=True)
        show(page)
    assert len(looks(review)) == 2
    ask(page, n.unknown, n.seizure)
    show(page)


def test_the_choice_is_asked_in_thai(review: Served, enter: Enter) -> None:
    """X6: what the tick means, and why there is no look without it, in the reader's language."""
    n, store = review.n, review.house.application.store
    with store.writing() as unit:
        unit.people.set_language(review.house.person("anna").id, "th")
        unit.commit()
    tagged(store, n.unknown, ["violence"])
    page = holding(review, enter)
    page.goto(f"/items/{n.unknown}/look?referral={n.seizure}")
    tick = page.locator('input[name="flagged"]')
    expect(tick).not_to_be_checked()
    expect(page.locator("label", has=tick)).to_contain_text("ฉันเลือกดูสิ่งที่มีเครื่องหมายว่ามีความรุนแรง")
    page.locator('input[name="reason"]').first.check()
    with page.expect_navigation():
        page.locator('form[action^="/items/"][action*="look"] button').click()
    assert refused(page) == "look-flagged"
    assert looks(review) == []


def test_the_time_policy_holds_against_the_clock(review: Served, enter: Enter) -> None:
    """X7: outside the shift there is no look, whatever the browser thinks of the time."""
    review.house.clock.now = datetime(2026, 11, 26, 16, 1, tzinfo=UTC)
    page = holding(review, enter)
    page.clock.set_fixed_time(datetime(2026, 11, 26, 9, 0, tzinfo=UTC))
    ask(page, review.n.unknown, review.n.seizure)
    assert refused(page) == "look-outside-shift"
    review.house.clock.now -= timedelta(days=1)  # a clock set back ends the session, and gives no look
    page.goto(f"/items/{review.n.unknown}/look?referral={review.n.seizure}")
    assert looks(review) == []


def test_the_watermark_is_in_the_pixels(review: Served, enter: Enter) -> None:
    """X11: two people's looks at one item differ all over the picture, though what is drawn is the same."""
    shown = []
    for login in ("anna", "susan"):
        page = holding(review, enter, login)
        ask(page, review.n.unknown, review.n.seizure, words=WORDS)
        show(page)
        ask(page, review.n.unknown, review.n.seizure, level="full", words=WORDS)
        show(page)
        shown.append(np.asarray(Image.open(io.BytesIO(looks(review)[-1])).convert("L"), dtype=np.int16))
        put_back(review, login)
    original = np.asarray(Image.fromarray(photo_like(30, *SIDES)).convert("L"), dtype=np.int16)
    assert shown[0].shape == original.shape
    apart = np.abs(shown[0] - shown[1]) > 24
    height, width = apart.shape
    quarters = [apart[y : y + height // 2, x : x + width // 2] for y in (0, height // 2) for x in (0, width // 2)]
    assert all(quarter.any() for quarter in quarters), "the names differ in every quarter"
    marked = np.abs(shown[0] - original) > 24
    assert 0.005 < marked.mean() < 0.5


@pytest.mark.parametrize("leaving", ["Escape", "blur", "visibilitychange", "pagehide", "beforeprint", "freeze"])
def test_a_look_ends_when_the_page_is_left(review: Served, enter: Enter, leaving: str) -> None:
    """X11: wiped at once, and the server is told how long it was."""
    page = holding(review, enter)
    ask(page, review.n.unknown, review.n.seizure)
    show(page)
    review.house.clock.on(seconds=5)
    with page.expect_response(re.compile(r"/looks/\d+/end")) as told:
        leave(page, leaving)
    assert told.value.status == 204
    assert_wiped(page)
    expect(page.get_by_text("The look is over.")).to_be_visible()


def leave(page: Page, leaving: str) -> None:
    """As a browser tells a page that it is left."""
    if leaving == "Escape":
        page.keyboard.press("Escape")
    elif leaving == "visibilitychange":
        page.evaluate(
            """() => { Object.defineProperty(document, 'hidden', {get: () => true});
            document.dispatchEvent(new Event('visibilitychange')); }"""
        )
    else:
        page.evaluate(f"() => window.dispatchEvent(new Event('{leaving}'))")


@pytest.mark.parametrize("leaving", ["Escape", "blur", "pagehide", "beforeprint"])
def test_a_look_that_is_left_while_its_bytes_come_shows_nothing(review: Served, enter: Enter, leaving: str) -> None:
    """X2: whoever turns away in that second is not met by a picture on coming back."""
    page = holding(review, enter)
    ask(page, review.n.unknown, review.n.seizure)

    def late(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined] # Playwright's route
        leave(page, leaving)
        route.fulfill(response=answer)  # type: ignore[attr-defined] # the same

    page.route(f"**{A_LOOK}", late)
    with page.expect_response(re.compile(r"/looks/\d+/end")):
        page.get_by_role("button", name="Show it").click()
    assert len(looks(review)) == 1
    assert_wiped(page)
    expect(page.get_by_text("The look is over.")).to_be_visible()


def test_back_and_forward_print_and_save_show_nothing(review: Served, enter: Enter) -> None:
    """X11: neither history nor a printed or saved page holds it."""
    page = holding(review, enter)
    ask(page, review.n.unknown, review.n.seizure)
    show(page)
    printed = page.pdf()
    assert printed.startswith(b"%PDF")
    assert b"/Subtype /Image" not in printed
    assert b"/DCTDecode" not in printed
    ask(page, review.n.unknown, review.n.seizure)
    show(page)
    devtools = page.context.new_cdp_session(page)
    saved = devtools.send("Page.captureSnapshot", {"format": "mhtml"})["data"]
    assert "image/" not in saved
    assert "data:image" not in page.content()
    page.goto("/queue")
    with pytest.raises(Exception, match="ERR_CACHE_MISS"):
        page.go_back()  # the answer to a form, which is kept nowhere
    page.wait_for_url("chrome-error://chromewebdata/")
    assert page.locator("canvas").count() == 0
    page.goto("/queue")
    assert len(looks(review)) == 2
    assert page.evaluate("caches.keys().then(keys => keys.length)") == 0


def test_signing_out_leaves_nothing_behind(review: Served, enter: Enter) -> None:
    """X11: `Clear-Site-Data`, no cookie, and the way back leads to the page of signing in."""
    page = holding(review, enter)
    page.goto(f"/items/{review.n.unknown}?referral={review.n.seizure}")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    out = [one for one in review.tap.sent if one.path == "/sign-out"]
    assert '"cache", "cookies", "storage"' in out[-1].header("clear-site-data")
    assert page.context.cookies() == []
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def test_after_showing_who_one_is_the_way_leads_back_to_the_same_question(review: Served, enter: Enter) -> None:
    """A stale proof: the page that the person was on, with its referral, waits behind the step-up."""
    page = holding(review, enter)
    page.goto(f"/items/{review.n.unknown}/look?referral={review.n.seizure}")
    review.house.clock.on(minutes=6)
    ask(page, review.n.unknown, review.n.seizure)
    link = page.get_by_role("link", name="Go on")
    expect(link).to_have_attribute("href", re.compile(rf"next=.*look%3Freferral%3D{review.n.seizure}"))
