"""Hostile XML is refused where it shows what it is, and no fault repeats a word of the document."""

from __future__ import annotations

import pytest

from triage.domain.errors import TriageError
from triage.interfaces.cybertip.faults import InvalidXml, MalformedXml
from triage.interfaces.cybertip.reading_xml import XmlLimits, read_xml

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE report [<!ENTITY a "planted"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<report>&c;</report>"""
QUADRATIC = b'<!DOCTYPE r [<!ENTITY a "' + b"planted" * 9_000 + b'">]><r>' + b"&a;" * 9_000 + b"</r>"
MALFORMED = {
    "billion laughs": LAUGHS,
    "quadratic blow-up": QUADRATIC,
    "external entity": b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>',
    "external entity over the network": b'<!DOCTYPE r [<!ENTITY a SYSTEM "https://h.invalid/planted">]><r>&a;</r>',
    "parameter entity": b'<!DOCTYPE r [<!ENTITY % a SYSTEM "https://h.invalid/planted"> %a;]><r/>',
    "external DTD": b'<!DOCTYPE r SYSTEM "https://h.invalid/planted.dtd"><r/>',
    "public DTD": b'<!DOCTYPE r PUBLIC "-//planted//EN" "https://h.invalid/planted.dtd"><r/>',
    "empty DTD": b"<!DOCTYPE r><r/>",
    "default attributes": b'<!DOCTYPE r [<!ATTLIST r planted CDATA "planted">]><r/>',
    "unknown entity": b"<r>&planted;</r>",
    "NUL": b"<r>planted\x00</r>",
    "NUL as a reference": b"<r>planted&#0;</r>",
    "a control character": b"<r>planted&#x1;</r>",
    "half a character": b"<r>planted&#xD800;</r>",
    "no UTF-8": b"<r>planted\xff\xfe</r>",
    "overlong UTF-8": b"<r>planted\xc0\xaf</r>",
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?><r>planted</r>',
    "EBCDIC": b'<?xml version="1.0" encoding="cp037"?><r>planted</r>',
    "an encoding nobody knows": b'<?xml version="1.0" encoding="planted"?><r/>',
    "an encoding that is none": b'<?xml version="1.0" encoding="zip"?><r/>',
    "UTF-16 that says UTF-8": "<?xml version='1.0' encoding='utf-8'?><r>planted</r>".encode("utf-16-le"),
    "nothing": b"",
    "blanks": b"  \n",
    "text alone": b"planted",
    "two roots": b"<r/><planted/>",
    "an element left open": b"<r><planted>",
    "elements that cross": b"<r><planted></r></planted>",
    "a prefix without its namespace": b"<r><planted:a/></r>",
    "an attribute twice": b'<r planted="" planted=""/>',
    "JSON": b'{"planted": 1}',
}
INVALID = {
    "nested too deep": b"<r>" * 13 + b"</r>" * 13,
    "nested very deep": b"<r>" * 100_000,
    "too many attributes": b"<r " + b" ".join(b'a%d=""' % number for number in range(9)) + b"/>",
    "a huge attribute": b'<r planted="' + b"planted" * 200 + b'"/>',
    "too many elements": b"<r>" + b"<a/>" * 60_000 + b"</r>",
    "too long": b"<r>" + b" " * (4 << 20) + b"</r>",
    "a namespace": b'<r xmlns="https://h.invalid/planted"/>',
    "an attribute in a namespace": b'<r xmlns:p="https://h.invalid/planted" p:a=""/>',
    "xsi:type": b'<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="planted"/>',
    "xml:base": b'<r xml:base="https://h.invalid/planted"/>',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_document_of_ours_is_malformed(name: str) -> None:
    """Entities never unfold, nothing is fetched, and the fault tells a line and no word of the document."""
    with pytest.raises(MalformedXml) as caught:
        read_xml(MALFORMED[name])
    says_nothing(caught.value)
    assert caught.value.code == "xml-malformed"


@pytest.mark.parametrize("name", INVALID)
def test_what_is_out_of_bounds_is_invalid(name: str) -> None:
    """Depth, number, length and names have bounds."""
    with pytest.raises(InvalidXml) as caught:
        read_xml(INVALID[name])
    says_nothing(caught.value)
    assert caught.value.code == "xml-invalid"


def says_nothing(error: TriageError) -> None:
    """Its words hold nothing that was in the document."""
    assert error.sentence.startswith("Line ")
    assert "planted" not in error.sentence
    assert "passwd" not in error.sentence


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii"])
def test_encodings_that_clients_use_are_read(encoding: str) -> None:
    """As the declaration or the byte order mark says."""
    word = "planted" if encoding == "us-ascii" else "pläntéd"
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    document = f"<?xml version='1.0' encoding='{declared}'?><r>{word}</r>".encode(encoding)
    assert read_xml(document).text == word


def test_a_tree_keeps_names_attributes_texts_and_lines() -> None:
    """Comments and instructions are passed over; text goes on after them."""
    root = read_xml(b'<r a="1">\n <b>x<!-- c -->y<![CDATA[<&>]]></b><?p q?>\n</r>')
    [child] = root.children
    assert (root.name, root.attributes, root.text.strip()) == ("r", {"a": "1"}, "")
    assert (child.name, child.text, child.line) == ("b", "xy<&>", 2)


def test_where_a_client_says_its_schema_is_is_passed_over() -> None:
    """Clients put the address of NCMEC's schema on the root; nobody asks it."""
    document = b'<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://h.invalid/"/>'
    assert read_xml(document).attributes == {}


def test_limits_are_the_callers() -> None:
    """What is too long for one door is not for another."""
    with pytest.raises(InvalidXml):
        read_xml(b"<r></r>", XmlLimits(document_bytes=6))
    assert read_xml(b"<r></r>", XmlLimits(document_bytes=7)).name == "r"
