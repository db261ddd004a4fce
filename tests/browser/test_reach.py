"""What a person reaches beyond their cases, claims and session: nothing, and not even that it is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served

Enter = Callable[..., Page]
OURS = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


def without_number(text: str) -> str:
    """The page, whatever number it names; its nonce is new each time."""
    return "".join(sign for sign in text.partition("<main")[2].partition("</main>")[0] if not sign.isdigit())


def test_what_lies_in_another_case_is_as_what_does_not_exist(review: Served, enter: Enter) -> None:
    """The same status, the same words: whoever counts through numbers learns nothing."""
    page, n = enter("otto"), review.n
    with review.house.application.store.reading() as unit:
        (submission,) = unit.pages.submissions_of([n.seizure])[n.seizure]
    for theirs, none in (
        (f"/referrals/{n.seizure}", "/referrals/991"),
        (f"/submissions/{submission}", "/submissions/991"),
        (f"/submissions/{submission}/progress", "/submissions/991/progress"),
        (f"/items/{n.unknown}", "/items/991"),
        (f"/items/{n.unknown}?referral={n.seizure}", "/items/991?referral=991"),
        (f"/items/{n.unknown}/look?referral={n.seizure}", "/items/991/look?referral=991"),
        (f"/items/{n.elsewhere}/look?referral={n.seizure}", f"/items/{n.elsewhere}/look?referral=991"),
        (f"/items/{n.elsewhere}?referral={n.seizure}", f"/items/{n.elsewhere}?referral=991"),
    ):
        for accept in ("text/html", "application/json"):
            answers = [page.request.get(path, headers={"Accept": accept}) for path in (theirs, none)]
            assert answers[0].status == answers[1].status, theirs
            assert without_number(answers[0].text()) == without_number(answers[1].text()), theirs
            assert answers[0].status == 404 or str(n.elsewhere) in theirs
    for path in (
        "claim",
        "renew",
        "put-back",
        "opt-out",
        "decide",
        "set-aside",
        "reopen",
        "confirm-alike",
        "outcome",
    ):
        form = {"which": "rest", "category": "baseline", "because": "a made-up reason", "code": "accepted"}
        answers = [page.request.post(f"/referrals/{one}/{path}", form=form, headers=OURS) for one in (n.seizure, 991)]
        assert answers[0].status == answers[1].status >= 400, path
        assert without_number(answers[0].text()) == without_number(answers[1].text()), path


@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("petra", ("/work", "/work/events", "/sets", "/welfare", "/audit", "/people", "/people/anna")),
        ("cora", ("/work", "/work/events", "/welfare", "/audit", "/people")),
        ("wanda", ("/work", "/work/events", "/sets", "/audit", "/people")),
        ("anna", ("/welfare", "/audit", "/people", "/people/nobody")),
        ("susan", ("/people",)),
    ],
)
def test_a_page_of_other_roles_is_refused(enter: Enter, login: str, paths: tuple[str, ...]) -> None:
    """It is in no menu, and its address leads to a refusal."""
    page = enter(login)
    for path in paths:
        assert page.request.get(path, headers={"Accept": "text/html"}).status == 403, path
        assert page.locator(f'nav a[href="{path}"]').count() == 0


def test_without_a_session_every_page_leads_to_signing_in(review: Served, enter: Enter) -> None:
    """And back to where one wanted to go, with what the address asked."""
    page = enter("anna")
    page.context.clear_cookies()
    for path in ("/queue", f"/items/{review.n.unknown}/look?referral={review.n.seizure}", "/audit", "/work/events"):
        page.goto(path)
        expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        assert page.locator('form[action="/sign-in"] input[name="next"]').input_value() == path
        assert page.request.get(path, headers={"Accept": "application/json"}).status == 401


def test_a_session_that_was_planted_does_not_become_somebodys(review: Served, enter: Enter) -> None:
    """Fixation: another's token in the browser before signing in is not the token after it, and stays nobody's."""
    review.house.enrolled("dara")
    page = enter("anna")
    planted = "A" * 43
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "triage", "value": planted, "url": review.address}])
    page.goto("/sign-in")
    page.get_by_label("Login").fill("dara")
    page.get_by_label("Password", exact=True).fill("four plain words together")
    page.get_by_label("One-time code").fill(review.house.code("dara"))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Dara")).to_be_visible()
    (held,) = [one for one in page.context.cookies() if one["name"] == "triage"]
    assert held["value"] != planted
    assert (held["httpOnly"], held["sameSite"]) == (True, "Strict")
    assert review.house.application.sessioning.whose(planted) is None


def test_another_sites_page_takes_nothing_and_frames_nothing(review: Served, enter: Enter) -> None:
    """Posts from elsewhere are refused, with the strict cookie left at home; no page is shown in a frame."""
    page = enter("anna")
    other = page.context.new_page()
    target = f"{review.address}/referrals/{review.n.seizure}"
    forms = "".join(
        f'<form method="post" action="{target}/{one}" enctype="{kind}"><button>{one}-{at}</button></form>'
        for one in ("claim", "opt-out")
        for at, kind in enumerate(("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"))
    )
    other.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'{forms}<iframe src="{review.address}/"></iframe>'
        ),
    )
    for one in ("claim", "opt-out"):
        for at in range(3):
            other.goto("http://elsewhere.test/")
            with other.expect_response(lambda answer: answer.url.startswith(target)) as answered:
                other.get_by_role("button", name=f"{one}-{at}").click()
            assert answered.value.status == 403
    other.goto("http://elsewhere.test/")
    assert "triage" not in (other.frames[-1].title() or "")
    assert review.house.application.claiming.mine(review.house.person("anna")) == []
    review.complaints[:] = [one for one in review.complaints if "elsewhere.test" not in one]


def test_two_people_at_once(review: Served, enter: Enter) -> None:
    """One claims, the other is told so; what a stale page sends is refused; what the holder decides stands."""
    first, second, n = enter("anna"), enter("susan"), review.n
    for page in (first, second):
        page.goto(f"/referrals/{n.seizure}")
    first.get_by_role("button", name="Claim").click()
    expect(first.get_by_role("heading", name="Decide without viewing")).to_be_visible()
    second.get_by_role("button", name="Claim").click()
    expect(second.get_by_role("alert")).to_contain_text("cannot be claimed now")
    claiming, anna, susan = (
        review.house.application.claiming,
        review.house.person("anna"),
        review.house.person("susan"),
    )
    claiming.hand_over(anna, claiming.claim_on(anna, n.seizure), susan)  # from another window: the first's is stale
    first.locator(f'input[name="item"][value="{n.unknown}"]').check()
    first.get_by_role("radio").first.check()
    first.get_by_role("button", name="Decide what is marked").click()
    expect(first.get_by_role("alert")).to_contain_text("not in your hands")
    second.goto(f"/referrals/{n.seizure}")
    second.locator(f'input[name="item"][value="{n.unknown}"]').check()
    second.get_by_role("radio").last.check()
    second.get_by_role("button", name="Decide what is marked").click()
    expect(second.get_by_role("status").first).to_be_visible()
    decided = review.house.application.deciding.history(susan, n.unknown)
    assert [one.principal_id for one in decided] == [susan.id]


def test_opting_out_leaves_no_trace_for_managers(review: Served, enter: Enter) -> None:
    """X8, X10: a supervisor, an administrator and the welfare lead see what they would see had it been put back."""
    claiming, n = review.house.application.claiming, review.n
    managers = {login: enter(login) for login in ("susan", "adam", "wanda")}

    def seen() -> list[str]:
        paths = ("/queue", f"/referrals/{n.seizure}", "/audit", "/welfare", "/second", "/work", "/people/anna")
        told = []
        for login, page in managers.items():
            for path in paths:
                page.goto(path)
                told.append(f"{login} {path} {page.locator('main').inner_text()}")
        return [one for one in told if "Anna" in one or "anna" in one or "R-" in one]

    page = enter("anna")
    for leaving in ("Put back", "Not for me"):
        page.goto(f"/referrals/{n.seizure}")
        page.get_by_role("button", name="Claim").click()
        page.get_by_role("button", name=leaving).click()
        expect(page.get_by_role("status")).to_be_visible()
        text = "\n".join(seen())
        assert "opt" not in text.lower().replace("optical", "")
        assert "declin" not in text.lower()
        assert "Not for me" not in text
    page.goto("/queue")
    assert page.locator(f'a[href="/referrals/{n.seizure}"]').count() == 0
    page.goto("/exposure")
    expect(page.get_by_text(f"R-{n.seizure}")).to_be_visible()
    assert claiming.declined(review.house.person("anna")) == [n.seizure]
