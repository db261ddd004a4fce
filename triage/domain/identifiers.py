"""One spelling of what points to a person, account or place on the network, so that equal ones are found equal.

A spelling is for comparing; what the sender wrote is kept beside it. Nothing is invented: a phone number without a
country stays without one, and an address that is none stays as it was written.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from triage.domain.reports import Identifier, IdentifierKind

_NOT_DIGITS = re.compile(r"\D+", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # neither database keeps them as text
_OF_A_SERVICE = frozenset({IdentifierKind.ACCOUNT, IdentifierKind.SCREEN_NAME, IdentifierKind.GROUP})
_DEFAULT_PORTS = {"http": 80, "https": 443}

# E.164 country codes that one country alone has (ITU-T, list of assigned codes): the countries of the first users,
# their neighbours, and those that most reports come from. +1, +7 and others are shared by several: they name none.
_CALLING = {
    "33": "FR",
    "34": "ES",
    "46": "SE",
    "49": "DE",
    "60": "MY",
    "62": "ID",
    "63": "PH",
    "65": "SG",
    "66": "TH",
    "81": "JP",
    "82": "KR",
    "84": "VN",
    "86": "CN",
    "91": "IN",
    "95": "MM",
    "852": "HK",
    "853": "MO",
    "855": "KH",
    "856": "LA",
    "880": "BD",
    "886": "TW",
}


def storable(text: str) -> str:
    """The text, with what no database keeps as text replaced visibly."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def normal(identifier: Identifier, service: str) -> str:
    """The spelling for comparing. `service` is whose accounts are meant where the identifier does not say.

    Account names compare within their service only: `service/name`. The same number at two services is two accounts.
    """
    spelling = _SPELLINGS.get(identifier.kind, _folded)(storable(identifier.value))
    if identifier.kind in _OF_A_SERVICE:
        return f"{_folded(storable(identifier.service or service))}/{spelling}"
    return spelling


def country_of(identifier: Identifier) -> str:
    """The country that the identifier names, in capitals; "" for none.

    An address behind which a proxy may stand names no country: it says where the proxy is.
    """
    if identifier.kind is IdentifierKind.IP and identifier.possible_proxy:
        return ""
    if identifier.kind is IdentifierKind.PHONE and not identifier.country:
        return _calling_country(_phone(identifier.value))
    return told_country(identifier.country)


def told_country(text: str) -> str:
    """Two capital letters, or "" for what is no country code."""
    capitals = text.strip().upper()
    return capitals if _COUNTRY.fullmatch(capitals) else ""


def is_address(spelling: str) -> bool:
    """Whether a normal spelling is an IP address."""
    try:
        ipaddress.ip_address(spelling)
    except ValueError:
        return False
    return True


def _folded(text: str) -> str:
    """Compatibility forms made one, no blanks at the ends, no case (Unicode 3.13, NFKC case folding)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold()).strip()


def _phone(text: str) -> str:
    """Digits alone; with a plus before them where the number is international (+, or 00 before it)."""
    plain = unicodedata.normalize("NFKC", text.strip())
    digits = _NOT_DIGITS.sub("", plain)
    if plain.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _calling_country(phone: str) -> str:
    if not phone.startswith("+"):
        return ""
    return _CALLING.get(phone[1:4]) or _CALLING.get(phone[1:3]) or ""


def _address(text: str) -> str:
    """RFC 5952 for IPv6; an IPv4 address written as IPv6 is the IPv4 address. A zone says nothing elsewhere."""
    try:
        found = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return _folded(text)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _url(text: str) -> str:
    """Scheme and host have no case, a default port and a name before the host say nothing; the rest is kept."""
    try:
        parts = urlsplit(text.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return text.strip()
    if not host:
        return text.strip()
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in {None, _DEFAULT_PORTS.get(parts.scheme.lower())} else f"{shown}:{port}"
    path = "" if parts.path == "/" and not parts.query else parts.path
    return urlunsplit((parts.scheme.lower(), place, path, parts.query, parts.fragment))


_SPELLINGS: dict[IdentifierKind, Callable[[str], str]] = {
    IdentifierKind.PHONE: _phone,
    IdentifierKind.IP: _address,
    IdentifierKind.PROFILE_URL: _url,
}
