"""Signing in with password and code: one answer for all that fails, each code once, pauses, tokens that are new."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from tests.unit.triage.people import PASSWORD, House, told
from triage.domain.people import Role
from triage.interfaces.web.pages import PAGE_HEADERS
from triage.services.managing_people import NewPerson


def asked(house: House) -> list[tuple[str, str]]:
    """What was kept of who asked for what: action and code."""
    with house.application.store.reading() as unit:
        rows = unit.connection.exec_driver_sql("SELECT action, code FROM access_asked ORDER BY id")
        return [(action, code) for action, code in rows]


def test_nobody_is_in_before_signing_in(house: House) -> None:
    """A browser is sent to the form and comes back; a program is told so."""
    client = house.client()
    answer = client.get("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account")
    assert client.get("/account", headers={"Accept": "application/json"}).status_code == 401


def test_password_and_code_let_in_and_lead_back(house: House) -> None:
    """The cookie is for this host and no script; the page is served closed."""
    house.enrolled("dara", Role.ANALYST)
    client = house.client()
    answer = client.post("/sign-in", data=house.form("dara", next="/account"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"]
    assert re.match(r"triage=[A-Za-z0-9_-]{43}; HttpOnly; Path=/; SameSite=strict", cookie)
    page = client.get("/account")
    assert page.status_code == 200
    assert "Dara" in page.text
    assert {name: page.headers[name] for name in PAGE_HEADERS} == PAGE_HEADERS


def test_over_tls_the_cookie_is_bound_to_the_host(house: House) -> None:
    """`__Host-`: no other host of the domain can set or read it, and it never travels in the open."""
    house.enrolled("dara")
    chosen = house.application.settings.sign_in.model_copy(update={"origin": "https://triage.example"})
    settings = house.application.settings.model_copy(update={"sign_in": chosen})
    house.application = replace(house.application, settings=settings)
    answer = house.client().post("/sign-in", data=house.form("dara"))
    assert answer.headers["set-cookie"].startswith("__Host-triage=")
    assert "; Secure" in answer.headers["set-cookie"]


def test_from_elsewhere_nobody_signs_in_before_an_address_is_set(house: House) -> None:
    """A password would travel in the open."""
    house.enrolled("dara")
    answer = house.client().post("/sign-in", data=house.form("dara"), headers={"Host": "triage.example"})
    assert (answer.status_code, "origin-unset" in answer.text) == (403, True)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/\n/x"])
def test_signing_in_leads_nowhere_else(house: House, to: str) -> None:
    """Not even when the address says so."""
    house.enrolled("dara")
    assert house.client().post("/sign-in", data=house.form("dara", next=to)).headers["location"] == "/"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"password": "another plain password"}, "password-wrong"),
        ({"code": "000000"}, "code-wrong"),
        ({"code": "12345a"}, "code-wrong"),
        ({"login": "nobody-here"}, "nobody"),
        ({"login": "no login'; --"}, "nobody"),
    ],
)
def test_whatever_fails_looks_the_same_and_costs_the_same(house: House, wrong: dict[str, str], code: str) -> None:
    """Same status, page and hash; one commit. Only the log says which it was, and holds no login of nobody's."""
    house.enrolled("dara")
    pages = []
    for form in ({"password": "another plain password"}, wrong):
        house.passwords.checked.clear()
        answer = house.client().post("/sign-in", data=house.form("dara", **form))
        assert len(house.passwords.checked) == 1
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1]
    assert pages[0][0] == 403
    assert asked(house)[-1] == ("sign-in", code)
    assert house.client().get("/account").status_code == 303


def test_a_code_is_good_once(house: House) -> None:
    """Whoever looked over a shoulder is late; an older one is not good either."""
    house.enrolled("dara")
    form = house.form("dara")
    assert house.client().post("/sign-in", data=form).status_code == 303
    assert house.client().post("/sign-in", data=form).status_code == 403
    assert asked(house)[-1] == ("sign-in", "code-used")
    house.clock.on(seconds=30)
    assert house.client().post("/sign-in", data=form).status_code == 403  # still within reach, and used
    assert house.client().post("/sign-in", data=house.form("dara")).status_code == 303


def test_the_code_that_enrolled_signs_nobody_in(house: House) -> None:
    """It was shown to prove the secret, and is used up."""
    house.enrolled("dara")
    house.clock.on(minutes=-1)
    assert house.client().post("/sign-in", data=house.form("dara")).status_code == 403


def test_after_five_failures_even_the_right_password_waits(house: House) -> None:
    """The pause doubles with each failure after it; waiting tries are not counted, so nobody is kept out for ever."""
    house.enrolled("dara")
    client = house.client()
    for _ in range(5):
        client.post("/sign-in", data=house.form("dara", password="not this one, is it"))
    for _ in range(20):
        assert client.post("/sign-in", data=house.form("dara")).status_code == 403
    assert asked(house)[-1] == ("sign-in", "pausing")
    house.clock.on(seconds=31)
    client.post("/sign-in", data=house.form("dara", password="not this one, is it"))
    house.clock.on(seconds=31)
    assert client.post("/sign-in", data=house.form("dara")).status_code == 403
    house.clock.on(seconds=31)
    assert client.post("/sign-in", data=house.form("dara")).status_code == 303


def test_a_session_that_was_planted_is_not_the_one_after_signing_in(house: House) -> None:
    """Fixation: whoever knows the cookie from before has nothing."""
    house.enrolled("mallory")
    house.enrolled("dara")
    planted = house.signed_in("mallory").cookies["triage"]
    client = house.client()
    client.cookies.set("triage", planted)
    client.get("/sign-in")
    answer = client.post("/sign-in", data=house.form("dara"))
    fresh = re.match(r"triage=([^;]*)", answer.headers["set-cookie"])
    assert fresh
    assert fresh[1] != planted
    other = house.client()
    other.cookies.set("triage", planted)
    assert "Dara" not in other.get("/account").text


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5000, "../../../etc", "%00", "a b"])
def test_a_made_up_token_is_nobodys(house: House, token: str) -> None:
    """Of any form."""
    client = house.client()
    assert client.get("/account", headers={"Cookie": f"triage={token}"}).status_code == 303


def test_a_stolen_database_signs_nobody_in(house: House) -> None:
    """It holds digests of tokens; a digest is no token."""
    house.enrolled("dara")
    house.signed_in("dara")
    with house.application.store.reading() as unit:
        digest = unit.connection.exec_driver_sql("SELECT token_sha256 FROM session").scalars().all()[-1]
    assert house.client().get("/account", headers={"Cookie": f"triage={digest.hex()}"}).status_code == 303


def test_a_session_ends_when_idle_and_in_any_case(house: House) -> None:
    """30 minutes without a request, 12 hours with."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    for _ in range(4):
        house.clock.on(minutes=28)
        assert client.get("/account").status_code == 200
    house.clock.on(minutes=31)
    assert client.get("/account").status_code == 303
    client = house.signed_in("dara")
    for _ in range(12 * 3 - 1):
        house.clock.on(minutes=20)
        client.get("/account")
    assert client.get("/account").status_code == 200
    house.clock.on(minutes=20)
    assert client.get("/account").status_code == 303


def test_signing_out_ends_the_session_and_clears_the_browser(house: House) -> None:
    """The token that somebody copied opens nothing either."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    token = client.cookies["triage"]
    answer = client.post("/sign-out")
    assert '"cache"' in answer.headers["clear-site-data"]
    assert "triage" not in client.cookies
    assert house.client().get("/account", headers={"Cookie": f"triage={token}"}).status_code == 303


def test_signing_out_everywhere_is_everywhere(house: House) -> None:
    """Of one person."""
    house.enrolled("dara")
    house.enrolled("mallory")
    one, two, other = house.signed_in("dara"), house.signed_in("dara"), house.signed_in("mallory")
    one.post("/account/sign-out-everywhere")
    assert [client.get("/account").status_code for client in (one, two, other)] == [303, 303, 200]


def test_a_disabled_person_is_out_at_once_and_stays_out(house: House) -> None:
    """Sessions end in the same commit; the right password says what a wrong one does."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    house.application.managing_people.disable("dara", "test")
    assert client.get("/account").status_code == 303
    answer = house.client().post("/sign-in", data=house.form("dara"))
    assert told(answer.text).startswith("That did not work")
    house.application.managing_people.enable("dara", "test")
    assert client.get("/account").status_code == 303  # what ended stays ended


def test_showing_once_more_who_one_is_changes_the_token(house: House) -> None:
    """The old one ends, the absolute end of the session stays."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    before = client.cookies["triage"]
    house.clock.on(minutes=6)
    form = {"password": PASSWORD, "code": house.code("dara"), "next": "/account"}
    assert client.post("/step-up", data=form).headers["location"] == "/account"
    assert client.cookies["triage"] != before
    assert house.client().get("/account", headers={"Cookie": f"triage={before}"}).status_code == 303
    with house.application.store.reading() as unit:
        ends = unit.connection.exec_driver_sql("SELECT DISTINCT expires_at FROM session WHERE methods IS NOT NULL")
        assert len(ends.all()) == 2  # of enrolling, and of signing in


def test_showing_who_one_is_takes_ones_own_password(house: House) -> None:
    """And failures count as those of signing in do."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    answer = client.post("/step-up", data={"password": "not this one, is it", "code": house.code("dara")})
    assert answer.status_code == 403
    assert asked(house)[-1] == ("step-up", "password-wrong")


def signing_out_elsewhere(client: TestClient, **headers: str) -> int:
    """The status of a form that changes something, sent with these headers alone."""
    client.headers.pop("sec-fetch-site", None)
    return client.post("/account/sign-out-everywhere", headers=headers).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8470"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Origin": ""},
        {},
    ],
)
def test_a_form_of_another_site_changes_nothing(house: House, headers: dict[str, str]) -> None:
    """Whatever a browser of any age says of where it comes from."""
    house.enrolled("dara")
    client = house.signed_in("dara")
    assert signing_out_elsewhere(client, **headers) == 403
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8470"}])
def test_a_form_of_ours_does(house: House, headers: dict[str, str]) -> None:
    """In browsers that say where from, and in those that name the origin."""
    house.enrolled("dara")
    assert signing_out_elsewhere(house.signed_in("dara"), **headers) == 303


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"login=a&" * 20_000, "application/x-www-form-urlencoded"),
        (b"a=1&" * 300, "application/x-www-form-urlencoded"),
        (b"login=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"login=%ff", "application/x-www-form-urlencoded"),
        (b'{"login": "dara"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_of_ours_is_refused(house: House, content: bytes, kind: str) -> None:
    """In a sentence."""
    answer = house.client().post("/sign-in", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, "form-invalid" in answer.text) == (422, True)


def test_a_name_is_text_wherever_it_stands(house: House) -> None:
    """Whoever adds people writes no page."""
    new = NewPerson("dara", "<script>alert(1)</script>", '"><img src=x>')
    house.application.managing_people.add(new, [Role.ANALYST], "test")
    house.enrolled("root", Role.ADMINISTRATOR)
    page = house.signed_in("root").get("/people").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
