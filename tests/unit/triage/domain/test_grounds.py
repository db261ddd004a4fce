"""One network, one referral: what joins two submissions, and what they share without being joined."""

from __future__ import annotations

from dataclasses import replace

import pytest

from triage.domain.grounds import Ground, Overlap, grounds
from triage.domain.linking_rules import JoinRules
from triage.domain.links import LinkKind

RULES = JoinRules(most_submissions=5, least_look_alikes=2, least_occasions=2)


def only(overlap: Overlap) -> Ground:
    (ground,) = grounds(overlap, RULES)
    return ground


def joins(overlap: Overlap) -> bool:
    return any(ground.joins for ground in grounds(overlap, RULES))


def test_nothing_in_common_joins_nothing_and_has_no_ground() -> None:
    """The usual case."""
    assert grounds(Overlap(), RULES) == ()
    assert not joins(Overlap())


@pytest.mark.parametrize(
    ("overlap", "kind", "because"),
    [
        (Overlap(same_case=True), LinkKind.SAME_CASE, "Both carry the same case reference"),
        (Overlap(camera_bodies=1), LinkKind.SAME_CAMERA, "1 camera body in both"),
        (Overlap(camera_bodies=2), LinkKind.SAME_CAMERA, "2 camera bodies in both"),
        (Overlap(unmatched_contents=1500), LinkKind.SAME_CONTENT, "1,500 unmatched contents in both"),
        (Overlap(look_alikes=2), LinkKind.NEAR_FINGERPRINT, "2 look-alike unmatched pictures in both"),
        (Overlap(occasions=2), LinkKind.SAME_PLACE_TIME, "2 occasions of pictures at one place and time in both"),
    ],
)
def test_what_joins_two_networks(overlap: Overlap, kind: LinkKind, because: str) -> None:
    """Each ground alone is enough, and says what it rests on."""
    assert replace(only(overlap), count=1) == Ground(kind, True, because)
    assert joins(overlap)


@pytest.mark.parametrize(
    ("overlap", "because"),
    [
        (Overlap(known_contents=1200), "1,200 known contents in both: distributed too widely"),
        (Overlap(archives=1), "1 archive in both: packages are passed around"),
        (Overlap(widespread=2), "2 camera bodies or unmatched contents in both: in more than 5 submissions each"),
        (Overlap(look_alikes=1), "1 look-alike unmatched picture in both; 2 are needed"),
        (Overlap(occasions=1), "1 occasion of pictures at one place and time in both; 2 are needed"),
    ],
)
def test_what_is_shared_without_joining_says_why_not(overlap: Overlap, because: str) -> None:
    """Staying apart needs a ground too, for the one who has to explain the split."""
    assert only(overlap).because == because
    assert not joins(overlap)


def test_grounds_that_join_come_first() -> None:
    """The analyst reads first why it was joined."""
    found = grounds(Overlap(known_contents=3, archives=1, occasions=1, same_case=True, camera_bodies=1), RULES)
    assert [ground.kind for ground in found] == [
        LinkKind.SAME_CASE,
        LinkKind.SAME_CAMERA,
        LinkKind.SAME_PLACE_TIME,
        LinkKind.SAME_CONTENT,
        LinkKind.SAME_ARCHIVE,
    ]
    assert [ground.joins for ground in found] == [True, True, False, False, False]


def test_a_ground_against_never_outweighs_one_for() -> None:
    """Weak evidence beside strong evidence takes nothing away."""
    assert joins(Overlap(camera_bodies=1, known_contents=10_000, archives=3))
