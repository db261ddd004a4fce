"""What was just decided can be taken back where it is said, while its person may; and what waits is seen to wait."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Served

Enter = Callable[..., Page]


def claimed(enter: Enter, referral: int) -> Page:
    """The page of a referral that anna has just taken."""
    page = enter("anna", at=f"/referrals/{referral}")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("status")).to_contain_text("It is in your hands.")
    return page


def decide_two(page: Page, category: str) -> list[str]:
    """The first two items, at once; their labels."""
    for place in (0, 1):
        page.get_by_role("checkbox", name="Mark I-").nth(place).check()
    page.get_by_label(category).check()
    labels = page.locator("tbody tr[data-line] th a").all_inner_texts()[:2]
    page.get_by_role("button", name="Decide what is marked").click()
    return labels


def test_what_waits_for_a_second_person_says_so_in_the_list(review: Served, enter: Enter) -> None:
    """Its items stay to be decided, and each tells what was said of it."""
    page = claimed(enter, review.n.seizure)
    labels = decide_two(page, "Meets Baseline")
    expect(page.get_by_role("status")).to_contain_text("once a second person has confirmed it")
    for label in labels:
        row = page.locator("tr[data-line]").filter(has=page.get_by_role("link", name=label, exact=True))
        expect(row).to_contain_text("waits for a second person: Meets Baseline")


def test_all_of_the_act_is_taken_back_by_one_key(review: Served, enter: Enter) -> None:
    """Where it was just said; afterwards nothing of it is there."""
    page = claimed(enter, review.n.seizure)
    decide_two(page, "Meets Baseline")
    expect(page.get_by_role("button", name="Take back")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    expect(page.locator("main")).not_to_contain_text("waits for a second person")
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)


def test_what_ended_a_referral_is_taken_back_from_the_queue(review: Served, enter: Enter) -> None:
    """Deciding the last of it leads to the queue, which offers the same."""
    page = claimed(enter, review.n.other)
    page.get_by_label("Nothing unlawful").check()
    page.get_by_role("button", name="Decide all that is left").click()
    expect(page.get_by_role("status")).to_contain_text("it is done")
    page.goto(f"/referrals/{review.n.other}")
    expect(page.get_by_role("heading", name="Decide without viewing")).to_have_count(0)
    expect(page.get_by_text("Open it again").first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    expect(page.get_by_role("heading", name="Decide without viewing")).to_be_visible()


def test_it_is_offered_to_nobody_else_and_not_too_late(review: Served, enter: Enter) -> None:
    """An address that was handed on offers nothing; nor does one that is old, or made up."""
    page = claimed(enter, review.n.seizure)
    decide_two(page, "Nothing unlawful")
    expect(page.get_by_role("button", name="Take back")).to_be_visible()
    address = page.url
    other = enter("susan", at=address)
    expect(other.get_by_role("status")).to_contain_text("Decided.")
    expect(other.get_by_role("button", name="Take back")).to_have_count(0)
    for made in ("999999", "-1", "x"):
        assert page.request.get(f"{review.address}/queue?told=decided&made={made}").status == 200
    review.house.clock.on(minutes=11)
    page.goto(address)
    expect(page.get_by_role("status")).to_contain_text("Decided.")
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)


def test_a_refused_form_leads_back_to_where_it_stood(review: Served, enter: Enter) -> None:
    """A page of its own says why; it is no dead end."""
    page = claimed(enter, review.n.seizure)
    claiming, anna = review.house.application.claiming, review.house.person("anna")
    claiming.put_back(anna, claiming.claim_on(anna, review.n.seizure))
    decide_two(page, "Nothing unlawful")
    expect(page.get_by_role("alert")).to_contain_text("not in your hands")
    page.get_by_role("link", name="Back to where you were").click()
    expect(page.get_by_role("button", name="Claim")).to_be_visible()
    page.goto("/items/99999999")
    expect(page.get_by_role("link", name="Back to where you were")).to_have_count(0)
