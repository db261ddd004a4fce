"""An administrator's XML schema, beside our own model: served to clients, and asked as well.

The library (xmlschema, pure Python) reads the schema once, with every access to other files and to the network shut.
It never reads a client's bytes: it is given the tree that our own reading made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from xmlschema import XMLSchema10, XMLSchemaException

from triage.domain.errors import Refused
from triage.interfaces.cybertip.faults import InvalidXml
from triage.interfaces.cybertip.reading_xml import Node

_LARGEST = 8 << 20


@dataclass(frozen=True)
class SchemaFile:
    """A schema as it was read at start: its bytes, to be served, and what asks them."""

    document: bytes
    schema: XMLSchema10

    def validate(self, root: Node) -> None:
        """Raise InvalidXml where the schema says no. The library's own words quote content, so none are told."""
        if not self.schema.is_valid(_element(root)):
            raise InvalidXml(root.line, "the schema of this service says no to this document.")


def read_schema(path: Path) -> SchemaFile:
    """The schema in this file. Raises Refused `config-invalid`."""
    try:
        document = path.read_bytes()
        if len(document) > _LARGEST:
            raise Refused("config-invalid", f"The file of [ispws] xsd is longer than {_LARGEST:,} bytes.")
        schema = XMLSchema10(document.decode(), allow="none", defuse="always")
    except OSError as error:
        raise Refused("config-invalid", f"The file of [ispws] xsd cannot be read (error {error.errno}).") from None
    except (XMLSchemaException, ValueError, SyntaxError):
        raise Refused("config-invalid", "The file of [ispws] xsd is no XML schema that stands alone.") from None
    return SchemaFile(document, schema)


def _element(node: Node) -> Element:
    element = Element(node.name, dict(node.attributes))
    element.text = node.text
    element.extend(_element(child) for child in node.children)
    return element
