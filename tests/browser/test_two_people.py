"""Acts that take two people, from the page that asks to what became of it: export, deletion, split."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable

import pyrage
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served
from triage.domain.networks import Join
from triage.domain.people import Role
from triage.services.placing import Placing

Enter = Callable[..., Page]
WHY = "A made-up reason, long enough"


@pytest.fixture
def crowd(review: Served) -> Served:
    """With a second supervisor, of another unit."""
    review.house.invite("sam", Role.SUPERVISOR, unit="south", cases=["*"])
    return review


def share(review: Served, referral: int, receiver: str) -> None:
    """What the referral holds may be shared with this receiver."""
    with review.house.application.store.writing() as unit:
        (held,) = unit.pages.submissions_of([referral])[referral]
        told = json.dumps([receiver])
        unit.connection.exec_driver_sql(f"update submission set may_share_with = '{told}' where id = {held}")
        unit.commit()


def agree(enter: Enter, login: str) -> Page:
    """The second person reads it, and agrees."""
    page = enter(login, at="/second")
    page.get_by_role("button", name="Agree").first.click()
    expect(page.get_by_role("status")).to_contain_text("Agreed to. It may be used once.")
    return page


def number_of(page: Page) -> int:
    """The plan of the page."""
    page.wait_for_url(re.compile(r"/plans/\d+"))
    found = re.search(r"/plans/(\d+)", page.url)
    assert found is not None
    return int(found[1])


def test_evidence_goes_to_one_receiver_and_a_second_person_agreed(crowd: Served, enter: Enter) -> None:
    """Asked for on the referral's page, agreed to on the other's, written once, opened by the receiver."""
    identity = pyrage.x25519.Identity.generate()
    share(crowd, crowd.n.seizure, "Example agency")
    page = enter("anna", at=f"/referrals/{crowd.n.seizure}")
    page.get_by_text("What takes two people").click()
    page.get_by_role("link", name="Export of evidence").click()
    expect(page.locator("main")).to_contain_text("Example agency")
    page.get_by_label("Or these alone").fill(f"I-{crowd.n.unknown}")
    page.get_by_label("Receiver", exact=True).fill("Somebody else")
    page.get_by_label("The receiver's key").fill(str(identity.to_public()))
    page.get_by_label("Because (a sentence)").fill(WHY)
    page.get_by_role("button", name="Ask a second person").click()
    expect(page.locator("main")).to_contain_text("may-not-share")
    page.go_back()
    page.get_by_label("Receiver", exact=True).fill("Example agency")
    page.get_by_role("button", name="Ask a second person").click()
    plan = number_of(page)
    expect(page.locator("main")).to_contain_text("waits for a second person")
    expect(page.get_by_role("button", name="Write the file")).to_have_count(0)

    second = enter("susan", at="/second")
    expect(second.locator("main")).to_contain_text(str(identity.to_public()))
    expect(second.locator("main")).to_contain_text("Nothing was sent with this key before")
    expect(second.locator("main")).to_contain_text(WHY)
    second.get_by_role("button", name="Agree").click()
    expect(second.get_by_role("status")).to_be_visible()

    page.goto(f"/plans/{plan}")
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Write the file").click()
    download = arriving.value
    assert download.suggested_filename == f"P-{plan}.tar.age"
    sealed = download.path().read_bytes()
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed, [identity]))) as archive:
        assert archive.getnames() == ["manifest.json", "custody.json", f"items/I-{crowd.n.unknown}"]
        assert archive.extractfile(f"items/I-{crowd.n.unknown}").read(3) == b"\xff\xd8\xff"  # type: ignore[union-attr]
    page.reload()
    expect(page.locator("main")).to_contain_text("carried out")
    expect(page.locator("main")).to_contain_text("SHA-256")
    again = page.request.post(
        f"/plans/{plan}/carry-out", headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    )
    assert (again.status, again.json()["error"]["code"]) == (409, "plan-over")


def test_bytes_are_deleted_by_two_supervisors_and_facts_stay(crowd: Served, enter: Enter) -> None:
    """From the item's page; afterwards it has its digests, and no way to a look; an analyst is not offered it."""
    item, referral = crowd.n.unknown, crowd.n.seizure
    analyst = enter("anna", at=f"/items/{item}")
    expect(analyst.get_by_role("link", name="Deletion of evidence bytes")).to_have_count(0)
    page = enter("susan", at=f"/items/{item}")
    page.get_by_role("link", name="Deletion of evidence bytes").click()
    page.get_by_label("a court ordered it").check()
    page.get_by_label("Reference").fill("Court 7/2026")
    page.get_by_label("Because (a sentence)").fill(WHY)
    page.get_by_role("button", name="Ask a second person").click()
    plan = number_of(page)
    own = enter("susan", at="/second")
    expect(own.get_by_role("button", name="Agree")).to_have_count(0)
    agree(enter, "sam")
    page.goto(f"/plans/{plan}")
    page.get_by_role("button", name="Delete the bytes").click()
    expect(page.get_by_role("status")).to_contain_text("The bytes are deleted.")
    expect(page.locator("main")).to_contain_text("the bytes of 1 item")

    crowd.house.application.claiming.take(crowd.house.person("anna"), referral)
    analyst.goto(f"/items/{item}?referral={referral}")
    expect(analyst.locator("main")).to_contain_text("lawfully deleted")
    expect(analyst.locator("main")).to_contain_text("sha256")
    expect(analyst.get_by_role("link", name="Facts are not enough")).to_have_count(0)
    analyst.goto(f"/items/{item}/look?referral={referral}")
    form = analyst.locator(f'form[action^="/items/{item}/look"]')
    form.locator('input[name="reason"][value="court"]').check()
    form.get_by_role("button", name="Ask for the look").click()
    expect(analyst.locator('[role="alert"]')).to_contain_text("bytes-erased")


def test_a_referral_is_split_by_two_units_and_joined_again_by_a_person(crowd: Served, enter: Enter) -> None:
    """What it would leave is told before; histories of both say what was done, and why."""
    application, kept, other = crowd.house.application, crowd.n.seizure, crowd.n.other
    with application.store.writing() as unit:
        ((one,), (two,)) = (unit.pages.submissions_of([kept, other])[number] for number in (kept, other))
        low, high = sorted((one, two))
        unit.networks.change_joins(
            [Join(low, high, "same-content", "1 unmatched content in both")], [], crowd.house.clock.now
        )
        rules, priority = application.splitting.rules, application.splitting.priority
        placing, now = Placing(rules, priority), crowd.house.clock.now
        placed = placing.place(unit, [low, high], placing.count(unit, [(low, high)], now), now)
        unit.commit()
    ((referral, _),) = placed.referrals
    page = enter("anna", at=f"/referrals/{referral}")
    page.get_by_text("What takes two people").click()
    page.get_by_role("link", name="Split of a referral").click()
    page.locator(f'input[name="apart"][value="{high}"]').check()
    page.get_by_role("button", name="Show what that would leave").click()
    expect(page.get_by_role("heading", name="It would leave")).to_be_visible()
    assert page.locator("#after-h + ul li").all_inner_texts() == [f"S-{low}", f"S-{high}"]
    page.get_by_label("Because (a sentence)").fill(WHY)
    page.get_by_role("button", name="Ask a second person").click()
    plan = number_of(page)
    same_unit = enter("susan", at="/second")
    expect(same_unit.get_by_role("button", name="Agree")).to_have_count(0)
    agree(enter, "sam")
    page.goto(f"/plans/{plan}")
    page.get_by_role("button", name="Split it").click()
    expect(page.get_by_role("status")).to_contain_text("It is split.")
    assert page.locator("main dd", has_text="R-").last.locator("a").count() == 2

    page.goto(f"/referrals/{referral}")
    expect(page.get_by_role("heading", name="Set apart by a person")).to_be_visible()
    expect(page.locator("#history-h + ul")).to_contain_text(WHY)
    page.get_by_text("Let the rules join them again").click()
    page.locator(f"#join-{plan}").fill(WHY)
    page.get_by_role("button", name="Join again").click()
    expect(page.get_by_role("status")).to_contain_text("The rules count again.")
    expect(page.get_by_role("heading", name="Set apart by a person")).to_have_count(0)


def test_a_stale_proof_asks_for_another_before_a_colleague_is_troubled(crowd: Served, enter: Enter) -> None:
    """At the form, and where it is carried out; pages are in Thai for whoever reads Thai."""
    page = enter("anna", at=f"/referrals/{crowd.n.seizure}/export")
    expect(page.get_by_role("heading", name="Export of evidence")).to_be_visible()
    crowd.house.clock.on(minutes=6)
    page.reload()
    expect(page.locator("main")).to_contain_text("step-up-needed")
    crowd.let_in(page.context, "anna")
    page.goto(f"/referrals/{crowd.n.seizure}/export")
    page.get_by_label("Language").select_option("th")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("heading", name="การส่งออกหลักฐาน")).to_be_visible()


def decide_all_that_is_left(page: Page, referral: int) -> None:
    """In a category that needs a second person."""
    page.goto(f"/referrals/{referral}")
    page.get_by_label("Meets Baseline").check()
    page.get_by_role("button", name="Decide all that is left").click()
    expect(page.get_by_role("status")).to_contain_text("once a second person has confirmed it")


def test_what_was_decided_at_once_is_taken_back_or_confirmed_at_once(review: Served, enter: Enter) -> None:
    """One click each, however many items; the second person is another one."""
    referral = review.n.seizure
    page = enter("anna", at=f"/referrals/{referral}")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("status")).to_contain_text("It is in your hands.")
    decide_all_that_is_left(page, referral)
    page.locator("tbody tr[data-line] th a").first.click()
    page.get_by_role("button", name=re.compile("Take back all [0-9]+ of the act")).click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    decide_all_that_is_left(page, referral)
    second = enter("susan", at="/second")
    row = second.get_by_role("table", name="Decisions").locator("tbody tr").filter(has_text=f"R-{referral}")
    expect(row).to_have_count(1)
    row.get_by_role("button", name=re.compile("Confirm all [0-9]+")).click()
    expect(second.get_by_role("status")).to_contain_text("Confirmed. It stands.")
    second.goto(f"/referrals/{referral}")
    expect(second.locator("main")).to_contain_text("Nothing is left to decide here.")
