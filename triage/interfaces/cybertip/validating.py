"""A document against the model: the first fault by its line, in the model's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from .faults import InvalidXml
from .model import DOCUMENTS
from .reading_xml import Node
from .schema import Child, Group, OneOf, Type
from .simple_types import boolean

_BLANK = " \t\r\n"


def validate(root: Node, expected: str) -> None:
    """Raise InvalidXml unless this is a whole document with the root element `expected`."""
    if root.name != expected:
        raise InvalidXml(root.line, f"the root element must be <{expected}>.")
    _element(root, DOCUMENTS[expected])
    if expected in _RULES:
        _RULES[expected](root)


def _element(node: Node, model: Type) -> None:
    for name, attribute in model.attributes.items():
        if attribute.is_required and name not in node.attributes:
            _invalid(node, f"<{node.name}> needs the attribute {name}.")
    for name, value in node.attributes.items():
        told = model.attributes.get(name)
        if told is None:
            _invalid(node, f"<{node.name}> has an attribute that is not known there.")
        if not told.type.holds(value):
            _invalid(node, f"the attribute {name} of <{node.name}> is no {told.type.name}.")
    if model.text is not None:
        if node.children:
            _invalid(node, f"<{node.name}> holds text, and no elements.")
        if not model.text.holds(node.text):
            _invalid(node, f"the text of <{node.name}> is no {model.text.name}, or too long.")
        return
    if node.text.strip(_BLANK):
        _invalid(node, f"<{node.name}> holds elements, and no text.")
    _GROUPS[model.group](node, model)


def _sequence(node: Node, model: Type) -> None:
    places = iter(model.children)
    place = next(places, None)
    seen = 0
    for child in node.children:
        while place is not None and not _is_at(child, place, seen):
            _require_enough(node, place, seen)
            place, seen = next(places, None), 0
        if place is None:
            _unexpected(node, child, model)
        taken = _choice(child, place)
        assert taken is not None
        seen += 1
        _element(child, taken.type)
    while place is not None:
        _require_enough(node, place, seen)
        place, seen = next(places, None), 0


def _is_at(child: Node, place: Child | OneOf, seen: int) -> bool:
    taken = _choice(child, place)
    return taken is not None and (taken.most is None or seen < taken.most)


def _choice(child: Node, place: Child | OneOf) -> Child | None:
    among = place.choices if isinstance(place, OneOf) else (place,)
    return next((one for one in among if one.name == child.name), None)


def _require_enough(node: Node, place: Child | OneOf, seen: int) -> None:
    if isinstance(place, Child) and seen < place.least:
        _invalid(node, f"<{node.name}> lacks <{place.name}>, or has another element before it.")


def _unexpected(node: Node, child: Node, model: Type) -> NoReturn:
    if model.child(child.name) is None:
        _invalid(child, f"<{node.name}> has an element that is not known there.")
    _invalid(child, f"<{child.name}> stands in the wrong place of <{node.name}>, or too often.")


def _all(node: Node, model: Type) -> None:
    seen: set[str] = set()
    for child in node.children:
        told = model.child(child.name)
        if told is None or child.name in seen:
            _unexpected(node, child, model)
        seen.add(child.name)
        _element(child, told.type)


def _exactly_one(node: Node, model: Type) -> None:
    if len(node.children) != 1:
        _invalid(node, f"<{node.name}> holds exactly one element.")
    _all(node, model)


def _invalid(node: Node, sentence: str) -> NoReturn:
    raise InvalidXml(node.line, sentence)


def _file_rules(root: Node) -> None:
    """What the documentation asks for beside the order."""
    says = {child.name: child for child in root.children}

    def is_true(name: str) -> bool:
        return name in says and boolean(says[name].text) is True

    if is_true("exifViewedByEsp") and not is_true("fileViewedByEsp"):
        _invalid(says["exifViewedByEsp"], "<exifViewedByEsp> is true, and <fileViewedByEsp> is not.")
    if "fileRelevance" not in says or says["fileRelevance"].text != "Supplemental Reported":
        return
    if "industryClassification" in says:
        _invalid(says["industryClassification"], "a supplemental file has no <industryClassification>.")
    annotations = says.get("fileAnnotations")
    marked = annotations is not None and any(child.name == "potentialMeme" for child in annotations.children)
    if is_true("potentialMeme") or marked:
        _invalid(says["fileRelevance"], "a supplemental file has no <potentialMeme>.")


_GROUPS: Mapping[Group, Callable[[Node, Type], None]] = {
    Group.SEQUENCE: _sequence,
    Group.ALL: _all,
    Group.CHOICE: _exactly_one,
}
_RULES: Mapping[str, Callable[[Node], None]] = {"fileDetails": _file_rules}
