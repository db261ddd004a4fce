"""Signing in as people do it, in Chromium: enrolling, codes, passkeys by a virtual authenticator, signing out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.browser.conftest import Served
from tests.unit.triage.people import PASSWORD
from triage.domain.people import Role


def authenticator(context: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """A security key that asks its owner, and that tests can reach into."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def credential(devtools: CDPSession, key: str) -> dict[str, Any]:
    """The one that it holds."""
    (held,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    return dict(held)


def enrolled_with_passkey(site: Served, context: BrowserContext, page: Page, *roles: Role) -> tuple[CDPSession, str]:
    """Somebody new, who made a passkey."""
    code = site.house.invite("dara", *roles)
    page.goto("/enrol")
    page.get_by_label("The code that you were given").fill(code)
    page.get_by_role("button", name="Go on").click()
    devtools, key = authenticator(context, page)
    page.get_by_role("button", name="Make a passkey and sign in").click()
    expect(page.get_by_role("link", name="Dara", exact=True)).to_be_visible()
    return devtools, key


def sign_out(page: Page) -> None:
    """By the button in the frame."""
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def test_from_a_code_to_a_password_and_in_again(site: Served, page: Page) -> None:
    """With the authenticator's codes, without a mouse for the second sign-in."""
    code = site.house.invite("dara", Role.ANALYST)
    page.goto("/")
    page.get_by_role("link", name="Enter the code that you were given").click()
    page.get_by_label("The code that you were given").fill(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="For your authenticator")).to_be_visible()
    address = page.locator("details .mono").text_content() or ""
    site.house.secrets["dara"] = address.split("secret=")[1].split("&")[0]
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_label("One-time code").fill(site.house.code("dara"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Dara", exact=True)).to_be_visible()
    sign_out(page)
    site.house.clock.on(minutes=1)
    for text in ("dara", PASSWORD, site.house.code("dara")):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Dara", exact=True)).to_be_visible()


def test_a_passkey_signs_in_and_shows_once_more_who_one_is(site: Served, context: BrowserContext, page: Page) -> None:
    """As first factor, for a step-up, and with a counter that goes on."""
    devtools, key = enrolled_with_passkey(site, context, page, Role.ADMINISTRATOR)
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Dara", exact=True)).to_be_visible()
    site.house.clock.on(minutes=6)
    page.goto("/account")
    page.get_by_role("link", name="Show who you are, to change passkeys").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_visible()
    kept = site.house.application.passkeying.of(site.house.person("dara"))
    assert [one.sign_count for one in kept] == [credential(devtools, key)["signCount"]]
    assert kept[0].sign_count > 1


@pytest.mark.parametrize("step", [0, -1])
def test_a_passkey_whose_counter_does_not_go_on_is_refused(
    site: Served, context: BrowserContext, page: Page, step: int
) -> None:
    """A copy of the key would show so."""
    devtools, key = enrolled_with_passkey(site, context, page)
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Dara", exact=True)).to_be_visible()
    sign_out(page)
    held = credential(devtools, key)
    devtools.send("WebAuthn.removeCredential", {"authenticatorId": key, "credentialId": held["credentialId"]})
    back = {**held, "signCount": held["signCount"] - 1 + step}
    devtools.send("WebAuthn.addCredential", {"authenticatorId": key, "credential": back})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").first).to_contain_text("That did not work")


def test_an_answer_is_good_once_and_only_to_its_question(site: Served, context: BrowserContext, page: Page) -> None:
    """Replayed it opens nothing; nor does it answer another question, or come from another origin."""
    enrolled_with_passkey(site, context, page)
    sign_out(page)
    with page.expect_request(lambda request: request.url.endswith("/sign-in/passkey")) as sent:
        page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Dara", exact=True)).to_be_visible()
    form = {name: value[0] for name, value in parse_qs(sent.value.post_data or "").items()}
    client = site.house.client()
    assert client.post("/sign-in/passkey", data=form).status_code == 403
    another = client.post("/sign-in/passkey/start").json()["token"]
    assert client.post("/sign-in/passkey", data={**form, "started": another}).status_code == 403
    broken = json.dumps({**json.loads(form["answer"]), "rawId": "AAAA"})
    assert client.post("/sign-in/passkey", data={"started": another, "answer": broken}).status_code == 403
    for answer in ("", "{}", "[]", "null", "7", '{"rawId": 7}', '{"rawId": "\u00e9"}'):
        assert client.post("/sign-in/passkey", data={"started": "x", "answer": answer}).status_code == 403


def test_the_last_way_to_sign_in_stays(site: Served, context: BrowserContext, page: Page) -> None:
    """Whoever has one passkey and no password cannot lock themselves out."""
    enrolled_with_passkey(site, context, page)
    page.goto("/account")
    page.get_by_role("button", name="Remove My passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Without it you could not sign in any more.")


def test_after_signing_out_going_back_shows_nothing(site: Served, page: Page, context: BrowserContext) -> None:
    """Neither the page from the cache nor the cookie is there."""
    enrolled_with_passkey(site, context, page)
    page.goto("/account")
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    sign_out(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    assert [cookie["name"] for cookie in context.cookies()] == []


def test_a_page_of_another_site_moves_nothing(site: Served, page: Page, context: BrowserContext) -> None:
    """A form posted from elsewhere is refused by the browser's own word for where it is from."""
    enrolled_with_passkey(site, context, page)
    other = context.new_page()
    port = site.address.rpartition(":")[2]
    other.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="http://localhost:{port}/account/sign-out-everywhere"><button>go</button></form>',
        ),
    )
    other.goto("http://elsewhere.test/")
    with other.expect_response(lambda answer: "sign-out-everywhere" in answer.url) as answered:
        other.get_by_role("button", name="go").click()
    assert answered.value.status == 403
    page.goto("/account")
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
