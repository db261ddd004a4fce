"""`triage people …`: the first administrator comes to be here, with nothing that anybody could know beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.deployments import Deployment


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    made = Deployment(tmp_path / "deployment")
    made.done("init")
    return made


def test_a_new_deployment_has_nobody(deployment: Deployment) -> None:
    """No default login, no default password: nobody signs in before somebody was added."""
    assert deployment.done("people", "list", "--json").json == []
    added = deployment.done("people", "add", "Somchai", "--role", "administrator", "--json").json
    assert added["login"] == "somchai"
    assert added["enrol_at"] == "http://localhost:8470/enrol"
    again = deployment.done("people", "add", "dara", "--json").json
    assert again["code"] != added["code"]
    (dara, somchai) = deployment.done("people", "list", "--json").json
    assert (somchai["roles"], dara["roles"]) == (["administrator"], [])
    assert not somchai["password"]
    kept = deployment.rows("SELECT hex(code_sha256) FROM enrolment")
    assert added["code"].replace("-", "") not in str(kept)


def test_roles_and_cases_are_set_whole(deployment: Deployment) -> None:
    """What is not named is taken."""
    deployment.done("people", "add", "dara", "--role", "analyst", "--role", "curator")
    assert deployment.done("people", "roles", "dara", "--role", "supervisor", "--json").json["roles"] == [
        "supervisor"
    ]
    cases = ("--case", "CASE-1", "--case", "CASE-2=2027-01-01", "--json")
    assert deployment.done("people", "cases", "dara", *cases).json["cases"] == ["CASE-1", "CASE-2"]
    until = deployment.rows("SELECT case_ref, until FROM membership ORDER BY case_ref")
    assert [row[0] for row in until if row[1]] == ["CASE-2"]
    assert deployment.done("people", "cases", "dara", "--json").json["cases"] == []


def test_disabling_and_beginning_anew(deployment: Deployment) -> None:
    deployment.done("people", "add", "dara")
    assert deployment.done("people", "disable", "dara", "--json").json["disabled_at"]
    assert deployment.run("people", "reset", "dara", "--json").json["error"]["code"] == "disabled"
    assert deployment.done("people", "disable", "dara", "--undo", "--json").json["disabled_at"] is None
    assert deployment.done("people", "reset", "dara", "--json").json["code"]
    deployment.assert_audit_is_clean()


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("add", "x"), 3, "login-invalid"),
        (("add", "o'brien"), 3, "login-invalid"),
        (("add", "somebody", "--role", "king"), 3, "role-unknown"),
        (("add", "somebody", "--language", "xx"), 3, "person-invalid"),
        (("add", "somebody", "--time-zone", "Mars/Olympus"), 3, "person-invalid"),
        (("add", "taken"), 5, "login-taken"),
        (("roles", "nobody"), 4, "no-person"),
        (("cases", "taken", "--case", "A=soon"), 3, "case-invalid"),
        (("cases", "taken", "--case", " "), 3, "case-invalid"),
    ],
)
def test_what_cannot_be_is_refused(deployment: Deployment, words: tuple[str, ...], status: int, code: str) -> None:
    deployment.done("people", "add", "taken")
    ran = deployment.run("people", *words, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (status, code)
