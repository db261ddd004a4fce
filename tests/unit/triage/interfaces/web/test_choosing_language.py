"""Choosing a language: the account's own for whoever is signed in, the browser's before that, and what is unknown."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.unit.triage.people import House
from triage.domain.people import LANGUAGES, Role
from triage.interfaces.web.language import COMPLETE, NAMES, sentences

SIGN_IN = {"en": "Sign in", "th": "เข้าระบบ"}


def lang(client: TestClient, path: str = "/sign-in", **headers: str) -> str:
    """The language that a page says it is in; the page's list of languages shows the same one chosen."""
    page = client.get(path, headers=headers).text
    found = re.search(r'<html lang="([a-z]+)">', page)
    chosen = re.findall(r'<option value="([a-z]+)" lang="[a-z]+" selected>', page)
    assert found
    assert chosen == [found[1]]
    return found[1]


def choose(client: TestClient, language: str, to: str = "/sign-in") -> None:
    """By the form that stands on every page."""
    answer = client.post("/language", data={"language": language, "next": to})
    assert (answer.status_code, answer.headers["location"]) == (303, to)


def kept(house: House, login: str) -> str:
    """What the account says."""
    return house.application.managing_people.get(login).principal.language


@pytest.mark.parametrize("language", COMPLETE)
def test_the_page_before_signing_in_is_in_the_chosen_language(house: House, language: str) -> None:
    """In this browser from then on, whatever it asks for; in no other."""
    client = house.client()
    choose(client, language)
    page = client.get("/sign-in", headers={"Accept-Language": "vi"}).text
    assert f'<html lang="{language}">' in page
    assert f"<h1>{SIGN_IN[language]}</h1>" in page
    assert lang(house.client()) == "en"


def test_what_was_chosen_is_kept_by_this_browser_for_a_year_and_read_by_no_script(house: House) -> None:
    """A cookie of one word."""
    answer = house.client().post("/language", data={"language": "th", "next": "/enrol"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("triage-language=th;")
    assert {"HttpOnly", "Max-Age=31536000", "SameSite=lax"} <= {one.strip() for one in cookie.split(";")}


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("th", "th"),
        ("th-TH,th;q=0.9,en;q=0.8", "th"),
        ("de,fr;q=0.5", "en"),
        ("de, lo;q=0.5", "lo"),
        ("*", "en"),
        ("", "en"),
        (",;q=,;;", "en"),
        ("x" * 5_000, "en"),
    ],
)
def test_before_a_choice_the_browser_is_asked(house: House, asked: str, shown: str) -> None:
    """Its first language that is offered here; English where there is none."""
    assert lang(house.client(), **{"Accept-Language": asked}) == shown


@pytest.mark.parametrize("cookie", ["de", "", "TH", "../th", "th; x", "en\u0e44"])
def test_a_cookie_that_says_nothing_known_is_as_none(house: House, cookie: str) -> None:
    """What the browser asks for counts then."""
    given = f"triage-language={cookie}".encode()
    page = house.client().get("/sign-in", headers=[(b"cookie", given), (b"accept-language", b"vi")])
    assert page.status_code == 200
    assert f'<html lang="{"vi" if cookie != "th; x" else "th"}">' in page.text  # a second cookie begins at ;


def test_whoever_is_signed_in_has_the_accounts_language_everywhere(house: House) -> None:
    """Kept with the person, in each of their browsers; neither cookie nor browser has a say."""
    house.enrolled("dara", Role.ANALYST)
    first, second = house.signed_in("dara"), house.signed_in("dara")
    choose(first, "th", "/account")
    assert kept(house, "dara") == "th"
    second.cookies.set("triage-language", "vi")
    assert lang(first, "/account") == "th"
    assert lang(second, "/account", **{"Accept-Language": "km"}) == "th"
    page = second.get("/account").text
    assert sentences("th").gettext("Sign out") in page
    assert sentences("th").gettext("Sign out") != "Sign out"


def test_the_choice_of_before_signing_in_does_not_change_the_account(house: House) -> None:
    """And the account's choice leaves the browser's: the next person at it has the page that was chosen there."""
    house.enrolled("dara", Role.ANALYST)
    client = house.client()
    choose(client, "vi")
    assert client.post("/sign-in", data=house.form("dara")).status_code == 303
    assert (lang(client, "/account"), kept(house, "dara")) == ("en", "en")
    choose(client, "th", "/account")
    assert lang(client, "/account") == "th"
    client.post("/sign-out")
    assert lang(client) == "vi"


def test_each_person_has_their_own(house: House) -> None:
    """Nobody chooses for another."""
    house.enrolled("dara", Role.ANALYST)
    house.enrolled("anna", Role.ANALYST)
    choose(house.signed_in("dara"), "th")
    assert (kept(house, "dara"), kept(house, "anna")) == ("th", "en")


@pytest.mark.parametrize("unknown", ["de", "", "TH", "th ", "th\n", "../../etc", "t" * 300])
@pytest.mark.parametrize("signed", [True, False], ids=["signed in", "before"])
def test_an_unknown_language_is_refused_and_changes_nothing(house: House, unknown: str, *, signed: bool) -> None:
    """With its code; no cookie is set, and the account keeps what it had."""
    house.enrolled("dara", Role.ANALYST)
    client = house.signed_in("dara") if signed else house.client()
    answer = client.post("/language", data={"language": unknown, "next": "/"})
    assert (answer.status_code, "language-unknown" in answer.text) == (422, True)
    assert "set-cookie" not in answer.headers
    assert kept(house, "dara") == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_that_is_offered_can_be_chosen(house: House, language: str) -> None:
    """Also those that fall back to English, sentence by sentence."""
    house.enrolled("dara", Role.ANALYST)
    client = house.signed_in("dara")
    choose(client, language, "/account")
    assert lang(client, "/account") == language
    assert set(NAMES) == set(LANGUAGES)


def test_an_account_whose_language_is_gone_is_spoken_to_in_english(house: House) -> None:
    """A later version may offer fewer."""
    house.enrolled("dara", Role.ANALYST)
    house.application.managing_people.speak(house.person("dara").id, "xx")
    assert lang(house.signed_in("dara"), "/account") == "en"
