"""Bytes → a small tree, by expat, with everything refused that a report does not need.

A document type declaration is refused where it begins, so that there are no entities to unfold, no external ones to
fetch and no default attributes. The whole document is given to expat at once: fed in pieces, old versions of it read
a long token again with each piece (CVE-2023-52425).
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from .faults import InvalidXml, MalformedXml

_NAMESPACE_BREAK = " "
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_HINTS = frozenset(
    f"{_SCHEMA_INSTANCE}{_NAMESPACE_BREAK}{name}" for name in ("noNamespaceSchemaLocation", "schemaLocation")
)
"""Where a client says its schema is: ignored, and never fetched."""
_ENCODINGS = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1"})


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How large a document may be: bytes, elements within elements, elements, attributes of one, their length."""

    document_bytes: int = 4 << 20
    depth: int = 12
    elements: int = 50_000
    attributes: int = 8
    attribute_length: int = 1_024


@dataclass(slots=True)
class Node:
    """One element. `text` is what stands in it, its children's left out."""

    name: str
    line: int
    attributes: Mapping[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""


def read_xml(document: bytes, limits: XmlLimits | None = None) -> Node:
    """The root of a document. Raises MalformedXml, InvalidXml (namespaces, limits)."""
    return _Reading(limits or XmlLimits()).read(document)


class _Reading:
    def __init__(self, limits: XmlLimits) -> None:
        self._limits = limits
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._elements = 0
        self._root: Node | None = None
        parser = expat.ParserCreate(namespace_separator=_NAMESPACE_BREAK)
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser

    def read(self, document: bytes) -> Node:
        if len(document) > self._limits.document_bytes:
            raise InvalidXml(1, f"the document is longer than {self._limits.document_bytes:,} bytes.")
        try:
            self._parser.Parse(document, True)
        except expat.ExpatError as error:
            self._malformed(f"not well-formed XML ({expat.ErrorString(error.code)}).")
        except (ValueError, LookupError, UnicodeError):  # an encoding that Python does not know, or not by a table
            self._malformed("an encoding that is not read.")
        if self._root is None:
            self._malformed("no element.")
        return self._root

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is None:
            return
        try:
            known = codecs.lookup(encoding).name
        except (LookupError, ValueError):
            known = ""
        if known not in _ENCODINGS:
            self._malformed("an encoding that is not read: use UTF-8.")

    def _doctype(self, *_: object) -> None:
        self._malformed("a document type declaration, which is refused.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) >= self._limits.depth:
            self._invalid(f"elements more than {self._limits.depth} deep.")
        if self._elements > self._limits.elements:
            self._invalid(f"more than {self._limits.elements:,} elements.")
        if len(attributes) > self._limits.attributes:
            self._invalid(f"more than {self._limits.attributes} attributes.")
        if any(len(value) > self._limits.attribute_length for value in attributes.values()):
            self._invalid(f"an attribute longer than {self._limits.attribute_length:,} characters.")
        kept = {key: value for key, value in attributes.items() if key not in _HINTS}
        if any(_NAMESPACE_BREAK in word for word in (name, *kept)):
            self._invalid("a name in a namespace; this format has none.")
        node = Node(name, self._parser.CurrentLineNumber, kept)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _characters(self, text: str) -> None:
        self._texts[-1].append(text)

    def _malformed(self, sentence: str) -> NoReturn:
        raise MalformedXml(self._parser.CurrentLineNumber, sentence)

    def _invalid(self, sentence: str) -> NoReturn:
        raise InvalidXml(self._parser.CurrentLineNumber, sentence)
