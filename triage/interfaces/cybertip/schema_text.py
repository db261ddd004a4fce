"""The model as an XML schema, for clients that ask for one: what this program accepts, in our own words.

Beside it stand the rules that a schema cannot say (`validating._RULES`). Tests ask it and the model about the same
documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from xml.sax.saxutils import quoteattr

from .model import DOCUMENTS
from .schema import Attribute, Child, Group, OneOf, Type
from .simple_types import BOOLEAN, DATE, DATE_TIME, DOUBLE, FLAG, INT, NUMBER, STRING, TEXT, TOKEN, Simple

_GROUPS = {Group.SEQUENCE: "sequence", Group.ALL: "all", Group.CHOICE: "choice"}
_BUILT_IN = {kind.name: f"xs:{kind.name}" for kind in (BOOLEAN, DATE, DATE_TIME, DOUBLE, INT)}
_BUILT_IN |= {NUMBER.name: "xs:long", FLAG.name: "xs:boolean"}
_LONGEST = {STRING.name: "xs:string", TEXT.name: "xs:string", TOKEN.name: "xs:token"}


@cache
def schema_text() -> str:
    """The whole schema."""
    roots = "".join(_element(Child(name, kind, 1, 1), is_root=True) for name, kind in DOCUMENTS.items())
    named = {kind.name: kind for root in DOCUMENTS.values() for kind in _simple(root)}
    types = "".join(_simple_type(kind) for name, kind in sorted(named.items()) if name not in _BUILT_IN)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">\n'
        f"{roots}{types}</xs:schema>\n"
    )


def _simple(kind: Type) -> Iterator[Simple]:
    if kind.text is not None:
        yield kind.text
    yield from (attribute.type for attribute in kind.attributes.values())
    for place in kind.children:
        for child in place.choices if isinstance(place, OneOf) else (place,):
            yield from _simple(child.type)


def _simple_type(kind: Simple) -> str:
    base = _LONGEST.get(kind.name, "xs:string")
    facets = f'<xs:maxLength value="{kind.longest}"/>' if kind.name in _LONGEST else ""
    facets += "".join(f"<xs:enumeration value={quoteattr(word)}/>" for word in sorted(kind.words))
    facets += f"<xs:pattern value={quoteattr(kind.pattern)}/>" if kind.pattern else ""
    return (
        f'<xs:simpleType name="{kind.name}"><xs:restriction base="{base}">{facets}</xs:restriction></xs:simpleType>\n'
    )


def _named(kind: Simple) -> str:
    return _BUILT_IN.get(kind.name, kind.name)


def _element(child: Child, *, is_root: bool = False) -> str:
    most = "unbounded" if child.most is None else str(child.most)
    bounds = "" if is_root else f' minOccurs="{child.least}" maxOccurs="{most}"'
    kind = child.type
    if kind.text is not None and not kind.attributes:
        fixed = ' fixed="true"' if kind.text is FLAG else ""
        return f'<xs:element name="{child.name}" type="{_named(kind.text)}"{fixed}{bounds}/>\n'
    content = f"<xs:complexType>{_content(kind)}</xs:complexType>"
    return f'<xs:element name="{child.name}"{bounds}>{content}</xs:element>\n'


def _content(kind: Type) -> str:
    attributes = "".join(_attribute(name, told) for name, told in kind.attributes.items())
    if kind.text is not None:
        extension = f'<xs:extension base="{_named(kind.text)}">{attributes}</xs:extension>'
        return f"<xs:simpleContent>{extension}</xs:simpleContent>"
    group = _GROUPS[kind.group]
    places = "".join(map(_place, kind.children))
    return (f"<xs:{group}>{places}</xs:{group}>" if places else "") + attributes


def _attribute(name: str, told: Attribute) -> str:
    use = "required" if told.is_required else "optional"
    return f'<xs:attribute name="{name}" type="{_named(told.type)}" use="{use}"/>'


def _place(place: Child | OneOf) -> str:
    if isinstance(place, Child):
        return _element(place)
    choices = "".join(_element(Child(one.name, one.type, 1, 1)) for one in place.choices)
    return f'<xs:choice minOccurs="0">{choices}</xs:choice>'
