"""What a password must be, and how long a login pauses after failures. After NIST SP 800-63B, section 3.1.1."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

SHORTEST, LONGEST = 12, 256
_COMMON = frozenset(
    {
        "123456789012",
        "1234567890123",
        "12345678901234567890",
        "password1234",
        "password12345",
        "passwordpassword",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
        "iloveyou1234",
        "letmein12345",
        "administrator",
        "changemenow1",
        "abcdefghijkl",
        "1q2w3e4r5t6y",
    }
)
"""The most common of those that are long enough; longer lists refuse what nobody would guess in the tries allowed."""

FREE_TRIES = 5
_FIRST, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)


def normal(password: str) -> str:
    """One form of it, whatever keyboard composed its letters."""
    return unicodedata.normalize("NFC", password)


def unfit(password: str, login: str) -> str:
    """The code of what is wrong with a new password; empty when nothing is. No rule says of what it is composed."""
    low = normal(password).lower()
    if not SHORTEST <= len(low) <= LONGEST:
        return "password-length"
    if low in _COMMON or len(set(low)) < 4 or not low.replace(login, ""):
        return "password-common"
    return ""


def pause_after(failures: int) -> timedelta:
    """How long no password is good after so many failures in a row: it doubles, and ends at a quarter of an hour."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(_LONGEST_PAUSE, _FIRST * (1 << min(failures - FREE_TRIES, 10)))
