"""What matching an item again comes to, and how it is told."""

from __future__ import annotations

from dataclasses import replace

from hashsets.vocabulary import Basis, Opinion
from tests.unit.triage.stored import candidate
from triage.domain.findings import Subject
from triage.domain.matches import Match
from triage.domain.rematches import EndedBecause, MatchChanges, StandingMatch, in_words, match_changes


def found(entry: str = "e-1", release: str = "a-set-r1", *, near: bool = False, category: str = "1") -> Match:
    basis = Basis.NEAR if near else Basis.EXACT
    said = candidate(entry=entry, basis=basis, distance=4 if near else 0, opinion=Opinion(category=category))
    return Match(1, Subject.MAIN, replace(said, release_id=release))


def after(standing: list[Match], now: list[Match]) -> MatchChanges:
    return match_changes([StandingMatch(number, match) for number, match in enumerate(standing)], now)


def test_what_is_found_again_stands_and_nothing_is_written() -> None:
    """Its place in the batch and our own analysts' word belong to the asking, not to the fact."""
    again = replace(found(), candidate=replace(found().candidate, query=7, state="confirmed"))
    assert after([found()], [again]) == MatchChanges()


def test_what_is_new_is_added_and_what_is_gone_is_retracted() -> None:
    """Each counts."""
    changes = after([found("e-1")], [found("e-2")])
    assert changes == MatchChanges((found("e-2"),), ((0, EndedBecause.RETRACTED),), new=1, retracted=1)


def test_the_same_entry_of_a_later_release_supersedes() -> None:
    """Both rows are written, and neither counts as new or retracted."""
    changes = after([found(), found("e-2")], [found(release="a-set-r2")])
    assert changes.ended == ((0, EndedBecause.SUPERSEDED), (1, EndedBecause.RETRACTED))
    assert (changes.new, changes.retracted, changes.restated) == (0, 1, False)


def test_another_opinion_of_the_same_entry_is_a_change() -> None:
    """Categories raise priorities: whoever holds the item is looked at again."""
    assert after([found()], [found(release="a-set-r2", category="2")]).restated


def test_a_likeness_ends_when_the_very_bytes_are_listed() -> None:
    """It was not asked for: no source has taken it back."""
    changes = after([found("e-1", near=True)], [found("e-2")])
    assert changes.ended == ((0, EndedBecause.DECIDED),)
    assert (changes.new, changes.retracted) == (1, 0)


def test_changes_in_words() -> None:
    """What people ask: how many are newly known, and how many are so no longer."""
    assert in_words({"unknown>known": 140, "near>known": 2, "known>unknown": 3}) == (
        "142 newly known, 3 no longer; 2 no longer near"
    )
    assert in_words({"unknown>near": 1_000, "known-good>unknown": 1}) == "1,000 newly near; 1 no longer known-good"
    assert in_words({"unknown>too-poor": 4}) == in_words({}) == "no answer changed"
