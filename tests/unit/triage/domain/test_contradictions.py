"""Disputes of many items, gathered by who says what."""

from __future__ import annotations

from hashsets.disputes import DisputeKind
from hashsets.vocabulary import Candidate, Opinion, SetKind
from tests.unit.triage.stored import candidate
from triage.domain.contradictions import Said, contradictions


def says(set_name: str, category: str | None, kind: SetKind = SetKind.KNOWN) -> Candidate:
    return candidate(set_name=set_name, kind=kind, opinion=Opinion(category))


def test_nothing_disputed_is_nothing() -> None:
    """No items, or sources of one mind."""
    assert contradictions([], 5) == []
    assert contradictions([(1, [says("a", "us:1"), says("b", "us:1")])], 5) == []


def test_items_about_which_the_same_sets_say_the_same_are_one_line() -> None:
    """In whatever order they answer; the lowest items are named, as many as wanted."""
    one, other = says("a", "us:1"), says("b", "us:2")
    (found,) = contradictions([(3, [one, other]), (5, [other, one]), (9, [one, other])], 2)
    assert (found.kind, found.scheme) == (DisputeKind.CATEGORIES_DIFFER, "us")
    assert found.says == (Said("a", SetKind.KNOWN, "us:1"), Said("b", SetKind.KNOWN, "us:2"))
    assert (found.items, found.first_items) == (3, [3, 5])


def test_what_concerns_most_items_comes_first() -> None:
    """Then by kind and by who says it."""
    known, good, other = says("a", "us:1"), says("c", None, SetKind.ALLOWED), says("b", "us:3")
    found = contradictions([(1, [known, good]), (2, [known, other]), (3, [known, other])], 1)
    assert [(one.kind.value, one.items) for one in found] == [("categories-differ", 2), ("known-and-known-good", 1)]
