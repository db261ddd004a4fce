"""Any document of the model validates and maps; any other order of its elements, or another element, is refused."""

from __future__ import annotations

import copy
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from xmlschema import XMLSchema10

from tests.cybertip_documents import documents, written
from triage.domain.reports import Viewed
from triage.interfaces.cybertip.faults import InvalidXml
from triage.interfaces.cybertip.file_facts import file_details
from triage.interfaces.cybertip.model import DOCUMENTS
from triage.interfaces.cybertip.reading_xml import Node, read_xml
from triage.interfaces.cybertip.report_facts import report_facts
from triage.interfaces.cybertip.schema import Group, Type
from triage.interfaces.cybertip.schema_text import schema_text
from triage.interfaces.cybertip.validating import validate
from triage.interfaces.ispws.answers import ResponseCode, code_of
from triage.interfaces.ispws.schema_file import SchemaFile

EASY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@cache
def published() -> SchemaFile:
    """The schema that this program publishes, asked by somebody else's library."""
    text = schema_text()
    return SchemaFile(text.encode(), XMLSchema10(text, allow="none", defuse="always"))


def nested(node: Node, kind: Type) -> list[tuple[Node, Type]]:
    """Every element that holds elements, with its type."""
    found = [(node, kind)] if kind.text is None else []
    for child in node.children:
        told = kind.child(child.name)
        assert told
        found += nested(child, told.type)
    return found


@EASY
@given(documents("report"))
def test_any_report_of_the_model_validates_and_maps(document: Node) -> None:
    """And the schema that we publish says the same."""
    root = read_xml(written(document))
    validate(root, "report")
    published().validate(root)
    facts = report_facts(root)
    assert facts.incident.types
    assert all(one.value.strip() for party in facts.parties for one in party.identifiers)
    times = [facts.incident.at, *(one.at for party in facts.parties for one in party.identifiers)]
    assert all(at is None or at.tzinfo is not None for at in times)


@EASY
@given(documents("fileDetails"))
def test_any_file_details_of_the_model_validate_and_map(document: Node) -> None:
    """What was said of viewing is kept apart from what was not said."""
    root = read_xml(written(document))
    validate(root, "fileDetails")
    published().validate(root)
    facts = file_details(root).facts
    said = next((child.text.strip() for child in root.children if child.name == "fileViewedByEsp"), None)
    told = {None: Viewed.UNKNOWN, "true": Viewed.YES, "1": Viewed.YES, "false": Viewed.NO, "0": Viewed.NO}
    assert facts.viewed is told[said]


@EASY
@given(st.sampled_from(sorted(DOCUMENTS)).flatmap(documents), st.data())
def test_any_other_order_is_refused(document: Node, data: st.DataObject) -> None:
    """Two unlike neighbours of a sequence change places: 4100, by us and by the schema."""
    changed = copy.deepcopy(document)
    places = [
        (node, at)
        for node, kind in nested(changed, DOCUMENTS[changed.name])
        if kind.group is Group.SEQUENCE
        for at in range(len(node.children) - 1)
        if node.children[at].name != node.children[at + 1].name
    ]
    assume(places)
    node, at = data.draw(st.sampled_from(places))
    node.children[at], node.children[at + 1] = node.children[at + 1], node.children[at]
    refused(changed, document.name)
    with pytest.raises(InvalidXml):
        published().validate(read_xml(written(changed)))


@EASY
@given(st.sampled_from(sorted(DOCUMENTS)).flatmap(documents), st.data())
def test_an_unknown_element_or_attribute_or_text_is_refused(document: Node, data: st.DataObject) -> None:
    """Wherever it stands."""
    changed = copy.deepcopy(document)
    node, _ = data.draw(st.sampled_from(nested(changed, DOCUMENTS[changed.name])))
    match data.draw(st.sampled_from(["element", "attribute", "text", "namespace"])):
        case "element":
            node.children.insert(data.draw(st.integers(0, len(node.children))), Node("surprise", 1, {}))
        case "attribute":
            node.attributes = {**node.attributes, "surprise": ""}
        case "namespace":
            node.attributes = {**node.attributes, "xmlns": "https://h.invalid/"}
        case _:
            node.text = "surprise"
    refused(changed, document.name)


def refused(document: Node, root: str) -> None:
    """With 4100, in words that hold nothing of the document."""
    with pytest.raises(InvalidXml) as caught:
        validate(read_xml(written(document)), root)
    assert code_of(caught.value) is ResponseCode.VALIDATION_FAILED
    assert "surprise" not in caught.value.sentence
