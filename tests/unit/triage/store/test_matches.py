"""Matches: facts kept as they were measured."""

from __future__ import annotations

import json

from hashsets.vocabulary import Basis, Opinion, SetKind
from tests.unit.triage.stored import NOW, Scene, candidate
from triage.domain.findings import Subject
from triage.domain.matches import Match, Standing
from triage.domain.rematches import EndedBecause
from triage.store.unit_of_work import Store


def test_a_match_is_kept_with_release_entry_opinion_and_policy(store: Store, scene: Scene) -> None:
    """Everything that a court will ask for."""
    item = scene.item(scene.submission())
    said = Opinion(category="2", series="S-1", victim_identified=False, tags=("synthetic",))
    found = [
        Match(item, Subject.MAIN, candidate(opinion=said)),
        Match(item, Subject.THUMBNAIL, candidate(basis=Basis.NEAR, distance=12)),
    ]
    with store.writing() as unit:
        unit.matches.add(found, unit.matches.comparison("policy 1", "a-set-r1"), NOW)
        unit.commit()
    columns = "subject, set_name, set_kind, release_id, entry_key, basis, algorithm, profile, distance, policy"
    query = f"SELECT {columns} FROM match JOIN comparison ON comparison.id = comparison_id ORDER BY basis"
    assert scene.rows(query) == [
        ("main", "a-set", SetKind.KNOWN, "a-set-r1", "e-1", "exact", "md5", "", 0, "policy 1"),
        ("thumbnail", "a-set", SetKind.KNOWN, "a-set-r1", "e-1", "near", "pdq", "pdq-ref512", 12, "policy 1"),
    ]
    ((opinion,),) = scene.rows("SELECT opinion FROM match WHERE basis = 'exact'")
    assert json.loads(str(opinion)) == {
        "category": "2",
        "series": "S-1",
        "victim_identified": False,
        "offender_identified": None,
        "distributed": None,
        "tags": ["synthetic"],
    }


def test_the_same_match_measured_again_is_the_same_row(store: Store, scene: Scene) -> None:
    """A repeated batch adds nothing and changes nothing."""
    item = scene.item(scene.submission())
    with store.writing() as unit:
        first, second = (unit.matches.comparison(policy, "a-set-r1") for policy in ("policy 1", "policy 2"))
        unit.matches.add([Match(item, Subject.MAIN, candidate())], first, NOW)
        unit.matches.add([Match(item, Subject.MAIN, candidate())], second, NOW)
        unit.matches.add([], second, NOW)
        unit.commit()
    assert scene.rows("SELECT comparison_id FROM match") == [(first,)]


def test_an_ended_match_stays_and_may_stand_again(store: Store, scene: Scene) -> None:
    """With the comparison that did not find it; the same match later is a row of its own."""
    item = scene.item(scene.submission())
    match = Match(item, Subject.MAIN, candidate(basis=Basis.NEAR, distance=3, opinion=Opinion("2", tags=("a", "b"))))
    with store.writing() as unit:
        first, second = (unit.matches.comparison("policy 1", releases) for releases in ("a-set-r1", "none"))
        unit.matches.add([match], first, NOW)
        (standing,) = unit.matches.standing([item])[item]
        assert standing.match == match
        unit.matches.end([(standing.id, EndedBecause.RETRACTED)], second, NOW)
        assert unit.matches.standing([item]) == {}
        unit.matches.add([match], first, NOW)
        unit.matches.add([match], first, NOW)
        assert len(unit.matches.standing([item])[item]) == 1
        unit.commit()
    assert scene.rows("SELECT ended_because, ended_by FROM match ORDER BY id") == [
        ("retracted", second),
        (None, None),
    ]


def test_a_comparison_is_named_once(store: Store) -> None:
    """The same policy against the same releases is one row, whoever asks."""
    with store.writing() as unit:
        first = unit.matches.comparison("policy 1", "a-r1+b-r1")
        assert unit.matches.comparison("policy 1", "a-r1+b-r1") == first
        assert unit.matches.comparison("policy 1", "a-r1+b-r2") != first
        assert unit.matches.comparison("policy 2", "a-r1+b-r1") != first


def test_standing_reason_and_agreement_are_kept(store: Store, scene: Scene) -> None:
    """What the policy made of the match, beside what was measured."""
    item = scene.item(scene.submission())
    held = Match(
        item,
        Subject.MAIN,
        candidate(basis=Basis.NEAR, distance=3),
        Standing.HELD_BACK,
        "little-information",
        "phash 20",
    )
    with store.writing() as unit:
        unit.matches.add([held], unit.matches.comparison("policy 1", "a-set-r1"), NOW)
        unit.commit()
    assert scene.rows("SELECT standing, because, agreement FROM match") == [
        ("held-back", "little-information", "phash 20")
    ]


def test_exact_matches_of_several_releases_come_back_as_they_were_found(store: Store, scene: Scene) -> None:
    """By item; what one release says alone, what is only near, and what others hold is left out."""
    one, other = scene.submission(), scene.submission()
    disputed, alone, near, elsewhere = scene.item(one), scene.item(one), scene.item(one), scene.item(other)
    first = candidate(set_name="a", opinion=Opinion("us:1", tags=("x",)))
    second = candidate(set_name="b", kind=SetKind.KNOWN_GOOD)
    with store.writing() as unit:
        found = [
            Match(disputed, Subject.MAIN, first),
            Match(disputed, Subject.MAIN, second, Standing.OUTRANKED),
            Match(disputed, Subject.MAIN, candidate(set_name="c", basis=Basis.NEAR)),
            Match(alone, Subject.MAIN, first),
            Match(near, Subject.MAIN, first),
            Match(near, Subject.MAIN, candidate(set_name="b", basis=Basis.NEAR)),
            Match(elsewhere, Subject.MAIN, first),
            Match(elsewhere, Subject.MAIN, second),
        ]
        unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
        unit.commit()
    with store.reading() as unit:
        assert list(unit.matches.exact_of_several_releases([one])) == [(disputed, [first, second])]
        both = [item for item, _ in unit.matches.exact_of_several_releases([one, other])]
    assert both == [disputed, elsewhere]
