"""From signing in to a decision without a mouse, and live figures: what the page's own scripts do."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.unit.triage.people import PASSWORD
from triage.domain.people import Role

Enter = Callable[..., Page]


def assert_focus_is_seen(page: Page) -> None:
    """Something of the page has the focus, within the window, and shows it."""
    told = page.evaluate(
        """() => {
            const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
            const isWithin = box.bottom > 0 && box.top < innerHeight;
            return [one.tagName, style.outlineStyle, parseFloat(style.outlineWidth), isWithin];
        }"""
    )
    assert told[0] != "BODY", told
    assert told[1] == "solid", told
    assert told[2] >= 2, told
    assert told[3], told


def test_from_signing_in_to_a_decision_by_keyboard(review: Served, enter: Enter) -> None:
    """Password and code, the next referral, a line, its mark, a category, the decision, its undoing, and back."""
    review.house.enrolled("dara", Role.ANALYST, cases=("CASE-1",))
    page = enter("anna")
    page.context.clear_cookies()
    page.goto("/")
    for text in ("dara", PASSWORD, review.house.code("dara")):
        assert_focus_is_seen(page)
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    assert_focus_is_seen(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Decide without viewing")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    line = page.locator("tr[data-line]:focus")
    expect(line).to_have_count(1)
    assert_focus_is_seen(page)
    page.keyboard.press("x")
    expect(line.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("3")
    expect(page.get_by_role("radio").nth(2)).to_be_checked()
    page.keyboard.press("d")
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("Decided")
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text("It is back in the queue.")
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="My exposure")).to_be_visible()


def test_the_dialog_of_keys_keeps_keys_to_itself(review: Served, enter: Enter) -> None:
    """`?` opens it, Esc closes it and gives the focus back; what it covers is not acted upon meanwhile."""
    page = enter("anna")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert review.house.application.claiming.mine(review.house.person("anna")) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_letters_that_are_typed_are_no_keys(review: Served, enter: Enter) -> None:
    """Nor are they with Ctrl or Alt."""
    page = enter("anna")
    page.get_by_label("Case").focus()
    page.keyboard.type("nqs?")
    expect(page.get_by_label("Case")).to_have_value("nqs?")
    page.get_by_role("heading", name="Queue").click()
    page.keyboard.press("Alt+n")
    page.wait_for_timeout(200)
    assert review.house.application.claiming.mine(review.house.person("anna")) == []


def test_single_letters_can_be_switched_off(review: Served, enter: Enter) -> None:
    """For good in this browser, and by mouse or keyboard (WCAG 2.1.4)."""
    page = enter("anna")
    page.get_by_role("button", name="shows the keys").click()
    page.get_by_label("Single letters act").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert review.house.application.claiming.mine(review.house.person("anna")) == []
    page.get_by_role("button", name="shows the keys").click()
    expect(page.get_by_label("Single letters act")).not_to_be_checked()


def test_the_skip_link_comes_first_and_every_stop_is_seen(enter: Enter) -> None:
    """Tab by tab: each element that has the focus shows it, and is within the window."""
    page = enter("anna")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    for _ in range(25):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => {
                const one = document.activeElement, box = one.getBoundingClientRect();
                const style = getComputedStyle(one);
                return [one.tagName, style.outlineStyle, box.bottom > 0 && box.top < innerHeight];
            }"""
        )
        assert told[0] == "BODY" or told[1:] == ["solid", True], told


def test_figures_of_work_come_by_themselves(review: Served, enter: Enter) -> None:
    """Server-sent events under the strict policy: what changes stands on the page, without a reload."""
    page = enter("anna", at="/work")
    figure = page.locator("#figures dd").nth(2)
    expect(figure).to_have_text("4")
    page.evaluate("window.same = true")
    review.house.application.claiming.take(review.house.person("anna"), review.n.other)
    review.house.application.deciding.set_aside(
        review.house.person("anna"),
        review.house.application.claiming.claim_on(review.house.person("anna"), review.n.other),
        "a made-up reason",
    )
    expect(figure).to_have_text("3", timeout=15_000)
    assert page.evaluate("window.same") is True


def test_progress_of_a_submission_comes_by_itself(review: Served, enter: Enter) -> None:
    """Polled by htmx under the strict policy, as long as work is owed."""
    page = enter("anna")
    with review.house.application.store.reading() as unit:
        (submission,) = unit.pages.submissions_of([review.n.other])[review.n.other]
    with review.house.application.store.writing() as unit:
        unit.connection.exec_driver_sql(
            "update job set state = 'ready', not_before = '2999-01-01 00:00:00' where id in "
            f"(select max(id) from job where submission_id = {submission})"
        )
        unit.commit()
    page.goto(f"/submissions/{submission}")
    expect(page.locator("#progress")).to_contain_text("1 job")
    with review.house.application.store.writing() as unit:
        unit.connection.exec_driver_sql("update job set state = 'done' where state = 'ready'")
        unit.commit()
    expect(page.locator("#progress")).to_contain_text("Nothing is owed to it any more.", timeout=10_000)
