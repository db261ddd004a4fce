"""Passwords: one form of each, hashed at today's cost, and nobody's checked as dearly as somebody's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from triage.domain.passwords import normal, pause_after, unfit
from triage.services.passwords import NOBODYS, Passwords

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_nobodys_hash_costs_what_todays_do() -> None:
    """Or the time would tell which logins there are."""
    assert not Passwords().is_outdated(NOBODYS)
    assert not CHEAP.match(None, "nobody's password")


def test_a_hash_is_of_one_form_of_the_password() -> None:
    """Keyboards compose letters in their own ways."""
    kept = CHEAP.hashed("cafe\u0301 au lait noir")
    assert CHEAP.match(kept, "caf\u00e9 au lait noir")
    assert not CHEAP.match(kept, "cafe au lait noir")
    assert CHEAP.hashed("a") != CHEAP.hashed("a")


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$", "$2b$12$abc"])
def test_what_is_no_hash_matches_nothing(kept: str) -> None:
    assert not CHEAP.match(kept or "-", "anything at all here")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("four plain words", ""),
        ("ปลาตากลมโต้ลม", ""),
        ("a" * 11, "password-length"),
        ("ab cd" * 52, "password-length"),
        ("PasswordPassword", "password-common"),
        ("ababababababab", "password-common"),
        ("somchaisomchai", "password-common"),
        ("somchai and a cat", ""),
    ],
)
def test_a_password_is_long_and_not_the_first_guess(password: str, code: str) -> None:
    """No rule says of what it is composed."""
    assert unfit(password, "somchai") == code
    assert unfit(normal(password), "somchai") == code


def test_pauses_double_and_end_at_a_quarter_of_an_hour() -> None:
    pauses = [pause_after(failures).total_seconds() for failures in (0, 4, 5, 6, 7, 9, 10, 50, 10**6)]
    assert pauses == [0, 0, 30, 60, 120, 480, 900, 900, 900]
    assert pause_after(10**9) == timedelta(minutes=15)
