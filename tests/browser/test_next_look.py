"""The next look: named with its reason, guarded like any other, gone when facts are enough. It shows no picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from tests.browser.test_looks import ask, holding, looks, show
from triage.domain.decisions import Said
from triage.domain.looks import Asked, Level, Reason

Enter = Callable[..., Page]
ASKED = Asked(Reason.LEGAL_THRESHOLD, "", Level.REDUCED)


def proposed_next(review: Served) -> int | None:
    """The item whose look is worth it next."""
    deciding = review.house.application.deciding
    with deciding.store.reading() as unit:
        plan = deciding.look_plan(unit, review.n.seizure)
    return plan.next.item_id if plan.next else None


def test_the_next_look_is_named_with_its_reason_and_leads_to_facts(review: Served, enter: Enter) -> None:
    """A camera's days of lately come first. What is named is an item's page, not a picture."""
    page, n = holding(review, enter), review.n
    page.goto(f"/referrals/{n.seizure}")
    card = page.locator('section[aria-labelledby="next-look-h"]')
    expect(card.get_by_role("heading", name="The next look")).to_be_visible()
    expect(card).to_contain_text("Groups to look into")
    card.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Facts", exact=True)).to_be_visible()
    assert looks(review) == []


def test_following_it_the_plan_goes_on_and_ends(review: Served, enter: Enter) -> None:
    """Each look and decision changes what is proposed; in the end facts are enough, and it says how sure that is."""
    page, n = holding(review, enter), review.n
    house = review.house.application
    who = review.house.person("anna")
    claim = house.claiming.claim_on(who, n.seizure)
    proposed: list[int] = []
    while True:
        page.goto(f"/referrals/{n.seizure}")
        expect(page.locator('[hx-get*="/opinions"]')).to_have_count(0, timeout=30_000)  # it comes after the page
        card = page.locator('section[aria-labelledby="next-look-h"]')
        if card.get_by_text("No look is proposed").count() or not card.count():
            break
        item = int((card.get_by_role("link").first.inner_text()).removeprefix("I-"))
        assert item not in proposed, "a look that was decided is proposed again"
        proposed.append(item)
        ask(page, item, n.seizure)
        show(page)
        house.deciding.decide(who, claim, [item], Said("lawful"))
    assert proposed
    assert len(looks(review)) == len(proposed)


def test_in_thai(review: Served, enter: Enter) -> None:
    page, n = enter("anna", locale="th-TH"), review.n
    with review.house.application.store.writing() as unit:
        unit.people.set_language(review.house.person("anna").id, "th")
        unit.commit()
    page.goto(f"/referrals/{n.seizure}")
    expect(page.get_by_role("heading", name="การดูครั้งถัดไป")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "button", "told"),
    [("en", "Confirm on facts", "Decided."), ("th", "ยืนยันจากข้อเท็จจริง", "ตัดสินแล้ว")],
)
def test_what_facts_are_enough_for_is_decided_by_one_click(
    review: Served, enter: Enter, language: str, button: str, told: str
) -> None:
    """Looks said the same of all of a group: what is left of it is decided without another one."""
    page, n = holding(review, enter), review.n
    house, who = review.house.application, review.house.person("anna")
    with house.store.writing() as unit:
        unit.people.set_language(who.id, language)
        unit.commit()
    claim = house.claiming.claim_on(who, n.seizure)
    while (item := proposed_next(review)) is not None:
        house.revealing.open(house.revealing.ask(who, item, n.seizure, ASKED).token, who)
        house.deciding.decide(who, claim, [item], Said("lawful"))
    sent = len(looks(review))
    page.goto(f"/referrals/{n.seizure}")
    row = page.locator('section[aria-labelledby="next-look-h"] tbody tr').first
    row.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_contain_text(told)
    assert len(looks(review)) == sent, "nothing was shown for it"


@pytest.mark.parametrize("login", ["alex", "anna"])
def test_without_the_referral_in_hand_it_is_told_all_the_same(review: Served, enter: Enter, login: str) -> None:
    page, n = enter(login), review.n
    page.goto(f"/referrals/{n.seizure}")
    expect(page.get_by_role("heading", name="The next look")).to_be_visible()
