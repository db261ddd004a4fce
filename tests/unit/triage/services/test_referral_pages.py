"""What an analyst is shown of one referral: everything that was found, and no name of a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.reports import NotComparable
from hashsets.vocabulary import Basis, Opinion, SetKind, Transform
from tests.reported import NOT_VIEWED, FinishedReports, account, subject
from tests.unit.triage.stored import NOW, Scene, candidate, digests_of
from triage.domain.errors import NotFound
from triage.domain.findings import Subject
from triage.domain.items import Outcome
from triage.domain.legal import Handling, Legal, Origin
from triage.domain.links import LinkKind, Strength, Trait, near_fingerprint
from triage.domain.matches import Answer, Because, Match, Standing
from triage.domain.networks import join_between
from triage.domain.priority import Assessment, Axis, Reason
from triage.domain.referral_facts import ReferralFacts
from triage.domain.rematches import EndedBecause
from triage.rule_files import load_link_rules
from triage.services.legal_pages import legal_part, reported_part
from triage.services.referral_pages import ReferralPage, referral_page
from triage.store.unit_of_work import Store

RULES = load_link_rules()


@pytest.fixture
def page(store: Store, scene: Scene) -> ReferralPage:
    """Two joined submissions with three items that share everything."""
    one, two = scene.submission(), scene.submission()
    items = [scene.item(one, name="private name"), scene.item(two), scene.item(two, outcome=Outcome.KNOWN)]
    body = Trait(LinkKind.SAME_CAMERA, "k", Strength.STRONG, "Same body")
    common = Trait(LinkKind.SAME_ARCHIVE, "9", Strength.WEAK, "Same archive")
    with store.writing() as unit:
        unit.links.add_traits({item: [body] for item in items}, 100)
        unit.links.add_traits({items[0]: [common], items[1]: [common]}, 100)
        unit.connection.exec_driver_sql("UPDATE trait SET members = 5000 WHERE kind = 'same-archive'")
        unit.links.assign([(items[0], items[0]), (items[1], items[0])])
        unit.links.add_links([near_fingerprint(items[1], items[0], 7, Transform.FLIP_X)])
        found = [
            Match(items[2], Subject.MAIN, candidate(opinion=Opinion(category="2"))),
            Match(items[1], Subject.MAIN, candidate(basis=Basis.NEAR, distance=4, entry="e-2")),
            Match(items[0], Subject.MAIN, candidate(basis=Basis.NEAR, distance=9, entry="e-2")),
        ]
        unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
        unit.items.set_outcomes({items[2]: Answer(Outcome.KNOWN, "", "exact match: known")})
        unit.items.add_notes("examine", [(items[0], "truncated", "")])
        unit.networks.change_joins([join_between(one, two, "same-camera", "1 camera body in both")], [], NOW)
        referral = unit.networks.open_referral(NOW)
        unit.networks.place([one, two], referral, NOW)
        reason = Reason(Axis.DANGER, 2, "a-rule", "1 unmatched")
        unit.networks.assess(referral, Assessment(2, 1, 0, 3, (reason,), "1", "e"), ReferralFacts(), NOW)
        unit.networks.add_event(referral, "opened", {"submissions": [one, two]}, NOW)
        unit.commit()
        return referral_page(unit, referral, RULES, [], limit=10, now=NOW)


def test_who_it_is_and_how_urgent_with_reasons(page: ReferralPage) -> None:
    """In the words that people use for submissions and referrals."""
    assert (page.referral, page.state, page.merged_into, page.submissions) == ("R-1", "open", None, ["S-1", "S-2"])
    assert page.priority == {"danger": 2, "clock": 3, "solvability": 1, "network": 0}
    assert [reason["sentence"] for reason in page.reasons] == ["1 unmatched"]
    assert [join["because"] for join in page.joins] == ["1 camera body in both"]
    assert [event["kind"] for event in page.history] == ["opened"]


def test_answers_and_what_was_closed_unseen(page: ReferralPage) -> None:
    """Distinct items of the whole network, and what could not be done."""
    assert page.outcomes == {"known": 1, "unknown": 2}
    assert page.closed_without_viewing == 1
    assert page.notes == {"truncated": 1}


def test_matches_together_and_one_by_one(page: ReferralPage) -> None:
    """Release, entry, distance, transform and what found it."""
    assert [(one["basis"], one["items"], one["distances"]) for one in page.match_counts] == [
        ("exact", 1, "0"),
        ("near", 2, "4 to 9"),
    ]
    assert [(one["item"], one["entry"], one["distance"], one["profile"]) for one in page.matches] == [
        ("I-1", "e-2", 9, "pdq-ref512"),
        ("I-2", "e-2", 4, "pdq-ref512"),
        ("I-3", "e-1", 0, "md5"),
    ]


def test_sets_that_contradict_each_other_are_shown_as_disputed(store: Store, scene: Scene) -> None:
    """Who says what, of how many items and which; the most items first, and cut at the limit."""
    one = scene.submission()
    items = [scene.item(one, outcome=Outcome.KNOWN) for _ in range(3)]
    first, second = candidate(set_name="a", opinion=Opinion("us:1")), candidate(set_name="b", opinion=Opinion("us:2"))
    good = candidate(set_name="c", kind=SetKind.KNOWN_GOOD)
    with store.writing() as unit:
        found = [Match(item, Subject.MAIN, said) for item in items[:2] for said in (first, second)]
        found += [Match(items[2], Subject.MAIN, said) for said in (first, good)]
        unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
        referral = unit.networks.open_referral(NOW)
        unit.networks.place([one], referral, NOW)
        page = referral_page(unit, referral, RULES, [], limit=2, now=NOW)
        short = referral_page(unit, referral, RULES, [], limit=1, now=NOW)
    assert page.disputes == [
        {
            "kind": "categories-differ",
            "scheme": "us",
            "says": [
                {"set": "a", "kind": "known", "category": "us:1"},
                {"set": "b", "kind": "known", "category": "us:2"},
            ],
            "items": 2,
            "first_items": ["I-1", "I-2"],
        },
        {
            "kind": "known-and-known-good",
            "scheme": "",
            "says": [
                {"set": "a", "kind": "known", "category": "us:1"},
                {"set": "c", "kind": "known-good", "category": ""},
            ],
            "items": 1,
            "first_items": ["I-3"],
        },
    ]
    assert [(one["items"], one["first_items"]) for one in short.disputes] == [(2, ["I-1"])]


def test_what_was_held_back_and_what_cannot_be_compared_is_said(
    store: Store, scene: Scene, library: Library, tmp_path: Path
) -> None:
    """Of the releases that these items were compared with, and of no others."""
    lists = {}
    for name in ("asked", "not-asked"):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"key,md5,photodna\n1,{digests_of(b'a').md5.hex()},1\n2,,2\n", encoding="ascii")
        lists[name] = library.import_file(path, name=name, kind=SetKind.KNOWN).release.release_id
    one = scene.submission()
    item = scene.item(one)
    with store.writing() as unit:
        held = Match(item, Subject.MAIN, candidate(basis=Basis.NEAR), Standing.HELD_BACK, Because.LITTLE_INFORMATION)
        comparison = unit.matches.comparison("p", lists["asked"])
        unit.matches.add([held], comparison, NOW)
        unit.items.set_outcomes({item: Answer(Outcome.TOO_POOR, Because.LITTLE_INFORMATION)}, comparison)
        referral = unit.networks.open_referral(NOW)
        unit.networks.place([one], referral, NOW)
        page = referral_page(unit, referral, RULES, library.releases(), limit=5, now=NOW)
    assert page.held_back == {"little-information": 1}
    assert page.not_comparable == [NotComparable("asked", lists["asked"], {"photodna": 2}, 1)]
    assert (page.matches[0]["standing"], page.matches[0]["because"]) == ("held-back", "little-information")


def test_clusters_say_because_and_what_links_nothing(page: ReferralPage) -> None:
    """A value too common is shown with the reason why it joined nobody."""
    assert [(one["kind"], one["members"], one["because"]) for one in page.clusters] == [
        ("look-alike", 2, "All within 7 of 256 bits of I-1"),
        ("same-camera", 3, "Same body"),
        ("same-archive", 2, "Same archive"),
    ]
    assert [one["note"] for one in page.clusters] == [
        None,
        None,
        "Shared by 5,000 items, more than 2,000: too common to link",
    ]
    assert [(one["from"], one["to"], one["transform"]) for one in page.links] == [("I-2", "I-1", "flip-x")]


def test_no_name_of_a_file_is_on_it(page: ReferralPage) -> None:
    """Nor a path: both are metadata of evidence that no decision here needs."""
    text = json.dumps(asdict(page), default=str)
    assert ".jpg" not in text
    assert "private" not in text


def test_lists_are_cut_at_the_limit(page: ReferralPage, store: Store) -> None:
    """Counts are not."""
    assert len(page.matches) == 3
    with store.reading() as unit:
        short = referral_page(unit, 1, RULES, [], limit=1, now=NOW)
    assert (len(short.matches), len(short.match_counts)) == (1, 2)


def test_matches_that_no_longer_hold_stand_apart(page: ReferralPage, store: Store) -> None:
    """With when and why; those that a later release goes on to make are not told of."""
    assert (page.ended_count, page.ended_matches) == (0, [])
    with store.writing() as unit:
        ended = [(1, EndedBecause.RETRACTED), (2, EndedBecause.SUPERSEDED), (3, EndedBecause.DECIDED)]
        unit.matches.end(ended, unit.matches.comparison("p", "none"), NOW)
        unit.commit()
        later = referral_page(unit, 1, RULES, [], limit=1, now=NOW)
    assert (later.matches, later.match_counts, later.ended_count) == ([], [], 2)
    assert [(one["item"], one["release"], one["because"]) for one in later.ended_matches] == [
        ("I-3", "a-set-r1", "retracted")
    ]


def test_a_merged_referral_says_where_it_goes_on(page: ReferralPage, store: Store) -> None:
    """Its page stays."""
    assert page.referral == "R-1"
    with store.writing() as unit:
        later = unit.networks.open_referral(NOW)
        unit.networks.merge(later, 1, NOW)
        merged = referral_page(unit, later, RULES, [], limit=1, now=NOW)
    assert (merged.state, merged.merged_into, merged.submissions, merged.outcomes) == ("merged", "R-1", [], {})


def test_one_that_is_not_there(store: Store) -> None:
    """Its number is named."""
    with store.reading() as unit, pytest.raises(NotFound, match="R-4"):
        referral_page(unit, 4, RULES, [], limit=1, now=NOW)


def test_law_and_reports_have_their_part(store: Store, scene: Scene) -> None:
    """Of several submissions only terms that all of them name; reports are counted where there are any."""
    report = FinishedReports(store, legal=Legal("Report", ("TH", "US"), (Handling.H1,))).report(
        subject(account("somebody")), files=[("a", NOT_VIEWED)]
    )
    seizure = scene.submission()
    with store.writing() as unit:
        referral = unit.networks.open_referral(NOW)
        unit.networks.place([report, seizure], referral, NOW)
        both = referral_page(unit, referral, RULES, [], limit=5, now=NOW)
        alone = legal_part(unit, [report], NOW, limit=5)
        assert reported_part(unit, [seizure], NOW, limit=5) is None
    assert (alone.may_share_with, alone.handling, alone.origins) == (("TH", "US"), (Handling.H1,), [Origin.PROVIDER])
    assert both.legal.may_share_with == ()
    assert both.legal.handling == (Handling.H1, Handling.H2)
    assert both.legal.origins == [Origin.PROVIDER, Origin.SEIZURE]
    assert both.legal.do_not_render == len(both.legal.shut) == 1
    assert both.legal.shut[0]["code"] == "not-viewed"
    assert both.reported
    assert [one.value for one in both.reported.identifiers] == ["somebody"]
    assert both.legal.preserve_until == NOW.date() + timedelta(days=365)
    assert [(one["holder_kind"], one["days_left"]) for one in both.preservation] == [("report-content", 365)]
    assert both.preservation_counts == {"report-content": 1}
