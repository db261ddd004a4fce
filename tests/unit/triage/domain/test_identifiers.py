"""One spelling of identifiers: equal ones are found equal, different ones stay apart, and nothing is invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.identifiers import country_of, is_address, normal
from triage.domain.reports import Identifier, IdentifierKind

ACCOUNT, EMAIL, IP = IdentifierKind.ACCOUNT, IdentifierKind.EMAIL, IdentifierKind.IP
PHONE, URL = IdentifierKind.PHONE, IdentifierKind.PROFILE_URL


def spelt(kind: IdentifierKind, value: str, service: str = "example") -> str:
    return normal(Identifier(kind=kind, value=value), service)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (EMAIL, " Someone@Example.ORG ", "someone@example.org"),
        (PHONE, "+66 (0)81-234 5678".replace("(0)", ""), "+66812345678"),
        (PHONE, "0066 81 234 5678", "+66812345678"),
        (PHONE, "+66812345678", "+66812345678"),
        (IP, "2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        (IP, "[2001:db8::1]", "2001:db8::1"),
        (IP, "::ffff:192.0.2.1", "192.0.2.1"),
        (IP, "fe80::1%eth0", "fe80::1"),
        (URL, "HTTPS://Example.ORG:443/Some/Path?Q=1#/me", "https://example.org/Some/Path?Q=1#/me"),
        (URL, "http://example.org/", "http://example.org"),
        (ACCOUNT, " SomeBody ", "somebody"),
        (ACCOUNT, "Straße", "STRASSE"),
        (IdentifierKind.NAME, "ANNA", "Anna"),
    ],
)
def test_equal_ones_have_one_spelling(kind: IdentifierKind, one: str, other: str) -> None:
    """Case, blanks, forms of digits and of addresses say nothing."""
    assert spelt(kind, one) == spelt(kind, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (PHONE, "081 234 5678", "+66 81 234 5678"),
        (URL, "https://example.org/A", "https://example.org/a"),
        (URL, "https://example.org:8443/a", "https://example.org/a"),
        (URL, "https://example.org/?a", "https://example.org/"),
        (IP, "192.0.2.1", "192.0.2.10"),
        (EMAIL, "a.b@example.org", "ab@example.org"),
    ],
)
def test_what_may_differ_stays_apart(kind: IdentifierKind, one: str, other: str) -> None:
    """No country is put before a number, and no provider's own rules are guessed."""
    assert spelt(kind, one) != spelt(kind, other)


def test_an_account_belongs_to_its_service() -> None:
    """The same number at two services is two accounts; a service that is named outweighs the report's."""
    assert spelt(ACCOUNT, "123", "one") != spelt(ACCOUNT, "123", "two")
    named = Identifier(kind=ACCOUNT, value="123", service="One")
    assert normal(named, "two") == spelt(ACCOUNT, "123", "one")


@pytest.mark.parametrize(
    ("value", "so"), [("192.0.2.1", True), ("2001:db8::1", True), ("192.0.2", False), ("", False)]
)
def test_what_is_an_address(value: str, *, so: bool) -> None:
    assert is_address(value) is so


@pytest.mark.parametrize(
    ("identifier", "country"),
    [
        (Identifier(kind=PHONE, value="+66 81 234 5678"), "TH"),
        (Identifier(kind=PHONE, value="00855 12 345 678"), "KH"),
        (Identifier(kind=PHONE, value="+856 20 1234 5678"), "LA"),
        (Identifier(kind=PHONE, value="+84 91 234 56 78"), "VN"),
        (Identifier(kind=PHONE, value="+1 202 555 0100"), ""),  # shared by two dozen countries
        (Identifier(kind=PHONE, value="081 234 5678"), ""),
        (Identifier(kind=PHONE, value="+66812345678", country="la"), "LA"),  # what is told outweighs the prefix
        (Identifier(kind=IP, value="192.0.2.1", country="th"), "TH"),
        (Identifier(kind=IP, value="192.0.2.1"), ""),
        (Identifier(kind=IP, value="192.0.2.1", country="TH", possible_proxy=True), ""),
        (Identifier(kind=IP, value="192.0.2.1", country="Thailand"), ""),
    ],
)
def test_a_country_is_told_or_follows_from_a_prefix(identifier: Identifier, country: str) -> None:
    """Never from an address, never from what two countries share, never where a proxy may stand."""
    assert country_of(identifier) == country


@given(st.sampled_from(IdentifierKind), st.text(max_size=40), st.text(max_size=10))
def test_any_text_has_a_spelling_that_is_its_own(kind: IdentifierKind, value: str, service: str) -> None:
    """Hostile values break nothing, a spelling is its own spelling, and both databases can keep it."""
    found = spelt(kind, value, service)
    assert "\x00" not in found
    found.encode()
    if kind not in {ACCOUNT, IdentifierKind.SCREEN_NAME, IdentifierKind.GROUP, PHONE}:
        assert spelt(kind, found, service) == found
