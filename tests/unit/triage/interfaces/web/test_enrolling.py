"""From a code to a way to sign in: once, for a while, with a password that is one."""

from __future__ import annotations

import re
from html import unescape

import pyotp
import pytest
from starlette.testclient import TestClient

from tests.unit.triage.people import PASSWORD, House, told
from triage.domain.people import Role


def begun(house: House, code: str) -> tuple[TestClient, pyotp.TOTP]:
    """A browser in which the code was entered, and the authenticator that read the square."""
    client = house.client()
    page = client.post("/enrol", data={"code": code})
    assert page.status_code == 200, page.text
    address = re.search(r'class="mono">(otpauth:[^<]*)<', page.text)
    assert address
    return client, pyotp.parse_uri(unescape(address[1]))  # type: ignore[return-value] # an address of that kind


def finished(house: House, client: TestClient, made: pyotp.TOTP, **other: str) -> tuple[int, str]:
    """Status, and what was told."""
    form = {"password": PASSWORD, "again": PASSWORD, "code": made.at(house.clock.now), **other}
    answer = client.post("/enrol/finish", data=form)
    return answer.status_code, told(answer.text)


def test_a_code_becomes_a_way_to_sign_in(house: House) -> None:
    """The first administrator of a deployment comes in this way, and is signed in."""
    client, made = begun(house, house.invite("root", Role.ADMINISTRATOR))
    assert finished(house, client, made)[0] == 303
    assert client.get("/people").status_code == 200
    assert "triage-step" not in client.cookies


def test_a_code_may_be_typed_as_people_type(house: House) -> None:
    """Small letters, blanks, no dashes."""
    code = house.invite("dara").lower().replace("-", " ")
    begun(house, code)


def test_a_code_is_good_once(house: House) -> None:
    """Neither the code nor the page of its second step opens anything after."""
    code = house.invite("dara")
    client, made = begun(house, code)
    other, others = begun(house, code)  # whoever read it over a shoulder has the first step too
    assert finished(house, client, made)[0] == 303
    assert finished(house, other, others) == (403, "This code opens nothing: ask for another one.")
    assert house.client().post("/enrol", data={"code": code}).status_code == 403


@pytest.mark.parametrize("why", ["over", "replaced", "disabled", "unknown", "empty"])
def test_a_code_that_opens_nothing_says_no_more(house: House, why: str) -> None:
    """One answer for all of them."""
    code = house.invite("dara")
    match why:
        case "over":
            house.clock.on(hours=24, seconds=1)
        case "replaced":
            house.application.managing_people.reset("dara", "test")
        case "disabled":
            house.application.managing_people.disable("dara", "test")
        case _:
            code = {"unknown": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-F", "empty": ""}[why]
    answer = house.client().post("/enrol", data={"code": code})
    assert (answer.status_code, told(answer.text)) == (403, "This code opens nothing: ask for another one.")


def test_the_second_step_is_over_after_a_while(house: House) -> None:
    """A page left open is no way in."""
    client, made = begun(house, house.invite("dara"))
    house.clock.on(minutes=21)
    assert finished(house, client, made)[0] == 403


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": "short", "again": "short"}, "A password has 12 to 256 characters."),
        ({"again": "four other words together"}, "The two passwords differ."),
        ({"password": "a" * 20, "again": "a" * 20}, "That password is among the first that anybody would try."),
        (
            {"password": "Password1234", "again": "Password1234"},
            "That password is among the first that anybody would try.",
        ),
        (
            {"password": "daradaradara", "again": "daradaradara"},
            "That password is among the first that anybody would try.",
        ),
        ({"code": "000000"}, "That is not the code that your authenticator shows now."),
    ],
)
def test_what_is_not_right_is_said_and_can_be_put_right(house: House, wrong: dict[str, str], sentence: str) -> None:
    """The same square, the same code: nothing was used up."""
    client, made = begun(house, house.invite("dara"))
    assert finished(house, client, made, **wrong) == (403, sentence)
    assert finished(house, client, made)[0] == 303


def test_enrolling_anew_ends_what_was_before(house: House) -> None:
    """Sessions and password: whoever lost a telephone is rid of it."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    house.application.managing_people.reset("dara", "test")
    assert client.get("/account").status_code == 303
    assert house.client().post("/sign-in", data=house.form("dara")).status_code == 403


def test_what_is_kept_of_a_secret_is_wrapped(house: House) -> None:
    """A stolen database makes no codes, and one person's secret is not another's."""
    house.enrolled("dara")
    with house.application.store.reading() as unit:
        kept = unit.credentials.secrets(house.person("dara").id).totp_secret
    assert kept
    codes, now = house.application.signing_in.codes, house.clock.now
    assert codes.step_of(house.person("dara").id, kept, house.code("dara"), now) is not None
    with pytest.raises(Exception, match="does not unwrap"):
        codes.step_of(999, kept, house.code("dara"), now)
