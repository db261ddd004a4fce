"""An administrator's schema: read once, alone, and asked about our tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from triage.domain.errors import Refused
from triage.interfaces.cybertip.faults import InvalidXml
from triage.interfaces.cybertip.reading_xml import read_xml
from triage.interfaces.cybertip.schema_text import schema_text
from triage.interfaces.ispws.schema_file import read_schema

OPEN, CLOSE = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">', "</xs:schema>"
SMALL = f'{OPEN}<xs:element name="report" type="xs:int"/>{CLOSE}'


def written(path: Path, text: str) -> Path:
    """A file of this text."""
    path.write_text(text)
    return path


def test_a_schema_is_served_as_it_stands_and_asked(tmp_path: Path) -> None:
    """What it forbids is refused by the line, in words that quote nothing."""
    found = read_schema(written(tmp_path / "own.xsd", SMALL))
    assert found.document == SMALL.encode()
    found.validate(read_xml(b"<report>7</report>"))
    for wrong in (b"<report>planted</report>", b"<other>7</other>", b"<report a='planted'>7</report>"):
        with pytest.raises(InvalidXml) as caught:
            found.validate(read_xml(wrong))
        assert "planted" not in caught.value.sentence


def test_our_own_schema_may_be_named_too(tmp_path: Path) -> None:
    """What is served without any can be saved and used elsewhere."""
    read_schema(written(tmp_path / "own.xsd", schema_text()))


WRONG = {
    "empty": "",
    "text": "planted",
    "another document": "<report/>",
    "a type that is not there": f'{OPEN}<xs:element name="a" type="planted"/>{CLOSE}',
    "an entity": f'<!DOCTYPE s [<!ENTITY a "planted">]>{SMALL}',
    "an external entity": f'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>{SMALL}',
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_schema_is_refused_at_once(name: str, tmp_path: Path) -> None:
    """When the program starts, and not when a provider reports."""
    with pytest.raises(Refused) as caught:
        read_schema(written(tmp_path / "own.xsd", WRONG[name]))
    assert caught.value.code == "config-invalid"


def test_a_schema_that_leans_on_others_is_refused(tmp_path: Path) -> None:
    """Neither another file nor another machine is asked for what it includes."""
    other = written(
        tmp_path / "other.xsd",
        f'{OPEN}<xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>{CLOSE}',
    )
    for place in (other.as_uri(), str(other), "http://127.0.0.1:9/other.xsd"):
        text = f'{OPEN}<xs:include schemaLocation="{place}"/><xs:element name="report" type="t"/>{CLOSE}'
        with pytest.raises(Refused):
            read_schema(written(tmp_path / "own.xsd", text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the system's number."""
    with pytest.raises(Refused, match="error 2"):
        read_schema(tmp_path / "nothing.xsd")
