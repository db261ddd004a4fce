"""The identifiers in a validated document: persons, accounts, addresses, captures of IP addresses and devices."""

from __future__ import annotations

from collections.abc import Iterator

from triage.domain.reports import Identifier, IdentifierKind

from .nodes import among, first, moment, text, yes_or_no
from .reading_xml import Node
from .simple_types import boolean

_LARGEST_PORT = 65_535
_ADDRESS_PARTS = ("address", "city", "zipCode", "state", "nonUsaState", "country")


def of_person(person: Node | None) -> Iterator[Identifier]:
    """Name, date of birth, telephones, e-mail addresses and addresses of a person or an associated account."""
    name = " ".join(part for part in (text(person, f"{which}Name") for which in ("first", "middle", "last")) if part)
    if name:
        yield Identifier(kind=IdentifierKind.NAME, value=name)
    if born := text(person, "dateOfBirth"):
        yield Identifier(kind=IdentifierKind.BIRTH_DATE, value=born)
    for phone in among(person, "phone"):
        yield from of_phone(phone)
    for email in among(person, "email"):
        yield from of_email(email)
    for address in among(person, "address"):
        yield from of_address(address)


def of_email(email: Node) -> Iterator[Identifier]:
    """An e-mail address, whether it was verified, and when."""
    yield from _contact(email, IdentifierKind.EMAIL, email.text.strip())


def of_phone(phone: Node) -> Iterator[Identifier]:
    """A telephone number with the calling code of its country before it."""
    number = phone.text.strip()
    code = phone.attributes.get("countryCallingCode", "")
    yield from _contact(phone, IdentifierKind.PHONE, f"{code} {number}".strip() if number else "")


def _contact(node: Node, kind: IdentifierKind, value: str) -> Iterator[Identifier]:
    if value:
        verified = boolean(node.attributes.get("verified", ""))
        yield Identifier(
            kind=kind, value=value, verified=verified, at=moment(node.attributes.get("verificationDate", ""))
        )


def of_address(address: Node) -> Iterator[Identifier]:
    """An address in one line, with its country's code beside it."""
    value = ", ".join(part for part in (text(address, name) for name in _ADDRESS_PARTS) if part)
    if value:
        yield Identifier(kind=IdentifierKind.ADDRESS, value=value, country=text(address, "country"))


def of_account(account: Node) -> Iterator[Identifier]:
    """Everything that points to an account: its id, names, pages, group, and captures."""
    service = text(account, "espService") or text(account, "platform")
    named = (
        ("espIdentifier", IdentifierKind.ACCOUNT),
        ("screenName", IdentifierKind.SCREEN_NAME),
        ("displayName", IdentifierKind.DISPLAY_NAME),
        ("profileUrl", IdentifierKind.PROFILE_URL),
        ("groupIdentifier", IdentifierKind.GROUP),
    )
    for name, kind in named:
        for found in among(account, name):
            if value := found.text.strip():
                yield Identifier(kind=kind, value=value, service=service)
    yield from of_captures(account)


def of_captures(node: Node) -> Iterator[Identifier]:
    """IP addresses and devices, with event, time and port. A port that can be none is left out."""
    for capture in among(node, "ipCaptureEvent"):
        if value := text(capture, "ipAddress"):
            yield Identifier(
                kind=IdentifierKind.IP,
                value=value,
                event=text(capture, "eventName").lower(),
                at=moment(text(capture, "dateTime")),
                port=port_of(text(capture, "port")),
                possible_proxy=yes_or_no(capture, "possibleProxy"),
            )
    for device in among(node, "deviceId"):
        if value := text(device, "idValue"):
            yield Identifier(
                kind=IdentifierKind.DEVICE,
                value=value,
                scheme=text(device, "idType"),
                event=text(device, "eventName").lower(),
                at=moment(text(device, "dateTime")),
            )


def port_of(words: str) -> int | None:
    """A port from 1 to 65,535, or None."""
    number = words.removeprefix("+")
    if not (number.isascii() and number.isdecimal()) or len(number) > len(str(_LARGEST_PORT)):
        return None
    return int(number) if 0 < int(number) <= _LARGEST_PORT else None


def location_of(account: Node) -> str:
    """The estimated location in one line; words for a note, since it points to nobody."""
    place = first(account, "estimatedLocation")
    return ", ".join(part for part in (text(place, name) for name in ("city", "region", "countryCode")) if part)
