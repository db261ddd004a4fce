"""On what terms we have a set."""

from __future__ import annotations

import pytest

from hashsets.terms import UNSTATED, Sharing, Terms, TermsGiven


@pytest.mark.parametrize(
    ("terms", "forbidden"),
    [
        (UNSTATED, False),
        (Terms(may_share=Sharing.NOBODY), True),
        (Terms(may_share=Sharing.SOURCE), False),
        (Terms("by agreement", "us", Sharing.ANYONE), False),
    ],
)
def test_a_word_keeps_a_release_here(terms: Terms, *, forbidden: bool) -> None:
    """The texts beside it are for people."""
    assert terms.forbid_sharing is forbidden


@pytest.mark.parametrize("terms", [UNSTATED, Terms("text"), Terms("a", "b"), Terms(may_share=Sharing.PARTNERS)])
def test_a_manifest_keeps_terms(terms: Terms) -> None:
    """As they were given."""
    assert Terms.of_document(terms.document()) == terms


def test_what_is_not_said_again_stays() -> None:
    """Above all a word that keeps a release here."""
    before = Terms("a", "b", Sharing.NOBODY)
    assert TermsGiven(licence="c").over(before) == Terms("c", "b", Sharing.NOBODY)
    assert TermsGiven("", "", Sharing.ANYONE).over(before) == Terms("", "", Sharing.ANYONE)
    assert TermsGiven().over(before) == before
