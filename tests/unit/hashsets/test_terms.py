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
        (Terms("no-export: by agreement", "us", Sharing.ANYONE), True),
        (Terms("nothing against no-export"), False),
    ],
)
def test_a_word_keeps_a_release_here(terms: Terms, *, forbidden: bool) -> None:
    """And so does the beginning of the one text that older releases have."""
    assert terms.forbid_sharing is forbidden


@pytest.mark.parametrize("terms", [UNSTATED, Terms("text"), Terms("a", "b"), Terms(may_share=Sharing.PARTNERS)])
def test_a_manifest_keeps_terms(terms: Terms) -> None:
    """One text where there is no more to say, as before there were words for it."""
    assert Terms.of_document(terms.document()) == terms
    assert isinstance(terms.document(), str) is (terms in {UNSTATED, Terms("text")})


def test_what_is_not_said_again_stays() -> None:
    """Above all a word that keeps a release here."""
    before = Terms("a", "b", Sharing.NOBODY)
    assert TermsGiven(licence="c").over(before) == Terms("c", "b", Sharing.NOBODY)
    assert TermsGiven("", "", Sharing.ANYONE).over(before) == Terms("", "", Sharing.ANYONE)
    assert TermsGiven().over(before) == before
