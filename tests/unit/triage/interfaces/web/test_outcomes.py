"""Where people record what became of a referral, and where they read it."""

from __future__ import annotations

from html import unescape

from tests.reviewing import referral_with
from tests.unit.triage.people import House
from triage.domain.items import Outcome
from triage.domain.people import Role


def test_the_referrals_page_has_the_form_and_what_was_told(house: House) -> None:
    """An analyst of its case tells; the page shows it with its words, as its colleagues may read them."""
    house.enrolled("anna", Role.ANALYST, cases=["CASE-1"])
    made = referral_with(house.application.store, "1", Outcome.UNKNOWN)
    browser = house.signed_in("anna")
    page = browser.get(f"/referrals/{made.id}").text
    assert f'action="/referrals/{made.id}/outcome"' in page
    assert "Nothing is told yet." in page
    assert "senders of its reports are told the outcome alone" in page
    form = {"code": "child-safe", "words": "Made-up <words>"}
    answer = browser.post(f"/referrals/{made.id}/outcome", data=form)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"]).text
    assert "a child is safe \u2013 Made-up <words>" in unescape(page)
    assert "Made-up <words>" not in page
    assert "Nothing is told yet." not in page


def test_who_may_not_tell_has_no_form(house: House) -> None:
    """A partner of the case reads the outcome without words; nobody tells what they may not, or what is none."""
    house.enrolled("anna", Role.ANALYST, cases=["CASE-1"])
    house.enrolled("eve", Role.ANALYST, cases=["CASE-2"])
    house.enrolled("paul", Role.PARTNER, cases=["CASE-1"])
    made = referral_with(house.application.store, "1", Outcome.UNKNOWN)
    form = {"code": "accepted", "words": "Made-up words"}
    assert house.signed_in("anna").post(f"/referrals/{made.id}/outcome", data=form).status_code == 303
    page = house.signed_in("paul").get(f"/referrals/{made.id}").text
    assert "taken on by another unit or country" in page
    assert "/outcome" not in page
    assert "Made-up words" not in page
    for login in ("eve", "paul"):
        browser = house.signed_in(login)
        answer = browser.post(f"/referrals/{made.id}/outcome", data={"code": "closed", "words": ""})
        assert answer.status_code in {403, 404}
    unknown = house.signed_in("anna").post(f"/referrals/{made.id}/outcome", data={"code": "made-up", "words": ""})
    assert unknown.status_code == 422
