"""Administration: who may, with a fresh proof, and what changes holds at the next request."""

from __future__ import annotations

import re

from tests.unit.triage.people import PASSWORD, House
from triage.domain.people import Role


def test_only_administrators_see_who_is_here(house: House) -> None:
    """The others do not learn either who is not."""
    house.enrolled("dara", Role.ANALYST, Role.SUPERVISOR, Role.CURATOR, Role.WELFARE_LEAD)
    client = house.signed_in("dara")
    answers = [client.get(path) for path in ("/people", "/people/dara", "/people/nobody")]
    answers.append(client.post("/people/nobody/roles", data={"none": ""}))
    assert {(answer.status_code, "role-lacks" in answer.text) for answer in answers} == {(403, True)}


def test_a_change_takes_a_fresh_proof(house: House) -> None:
    """Over a session that was left open nobody is let in or out."""
    house.enrolled("root", Role.ADMINISTRATOR)
    house.enrolled("dara", Role.ANALYST)
    client = house.signed_in("root")
    house.clock.on(minutes=5)
    answer = client.post("/people/dara/disable", headers={"Referer": "http://localhost:8470/people/dara"})
    assert answer.status_code == 403
    assert 'href="/step-up?next=/people/dara"' in answer.text
    client.post("/step-up", data={"password": PASSWORD, "code": house.code("root")})
    assert client.post("/people/dara/disable").status_code == 303


def test_roles_and_cases_hold_from_the_next_request_on(house: House) -> None:
    """Given and taken, in a session that goes on."""
    house.enrolled("root", Role.ADMINISTRATOR)
    house.enrolled("dara", Role.ANALYST)
    root, dara = house.signed_in("root"), house.signed_in("dara")
    assert dara.get("/people").status_code == 403
    root.post("/people/dara/roles", data={"role": ["administrator", "curator"]})
    assert dara.get("/people").status_code == 200
    root.post("/people/dara/roles", data={"none": ""})
    assert dara.get("/people").status_code == 403
    root.post("/people/dara/cases", data={"cases": "CASE-1\r\n  CASE-2  \r\n\r\nCASE-1"})
    assert "CASE-1, CASE-2" in dara.get("/account").text


def test_nobody_changes_their_own(house: House) -> None:
    """An administrator makes nobody a member through the back door of their own page."""
    house.enrolled("root", Role.ADMINISTRATOR)
    client = house.signed_in("root")
    for what in ("roles", "cases", "disable", "enable", "reset"):
        answer = client.post(f"/people/root/{what}", data={"role": "analyst", "cases": "*"})
        assert (answer.status_code, "not-your-own" in answer.text) == (403, True)


def test_a_new_person_gets_a_code_that_is_shown_once(house: House) -> None:
    """And it lets them in."""
    house.enrolled("root", Role.ADMINISTRATOR)
    client = house.signed_in("root")
    form = {"login": " Dara ", "name": "Dara", "unit": "north", "language": "th", "time_zone": "Asia/Bangkok"}
    answer = client.post("/people", data={**form, "role": "analyst"})
    found = re.search(r'id="invitation">([A-Z2-7-]+)<', answer.text)
    assert found
    assert house.client().post("/enrol", data={"code": found[1]}).status_code == 200
    assert found[1] not in client.get("/people/dara").text
    assert client.post("/people", data={**form, "role": "analyst"}).status_code == 409


def test_every_change_is_in_the_custody_log(house: House) -> None:
    """Who, of whom, what; never with what somebody signs in."""
    house.enrolled("root", Role.ADMINISTRATOR)
    house.enrolled("dara", Role.ANALYST)
    client = house.signed_in("root")
    client.post("/people/dara/roles", data={"role": "supervisor"})
    client.post("/people/dara/disable")
    with house.application.store.reading() as unit:
        events = unit.connection.exec_driver_sql("SELECT event FROM custody_event ORDER BY seq").scalars().all()
    assert '"purpose":"roles"' in events[-2]
    assert '"roles":"supervisor"' in events[-2]
    assert '"actor":"root"' in events[-1]
    assert '"purpose":"disabled"' in events[-1]
