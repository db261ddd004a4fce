"""What estimates may decide, and what is owed a closer look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hashsets.vocabulary import Fingerprint, Profile
from tests.unit.triage.domain.test_matches import exact, near
from tests.unit.triage.stored import pdq, value
from triage.domain.estimates import likeness, owes_closer_look, settled
from triage.domain.findings import Subject, TakenFingerprint
from triage.domain.match_policy import MatchPolicy, Nearness
from triage.domain.matches import Match, Seen

POLICY = MatchPolicy("test")


def taken(profile: Profile, subject: Subject = Subject.MAIN, quality: int = 100) -> TakenFingerprint:
    return TakenFingerprint(subject, pdq(value(profile), quality, profile))


def seen(quality: int = 100, concentration: int | None = 20, thumbnail: int | None = None) -> Seen:
    estimates = [taken(one, quality=quality) for one in (Profile.PDQ_LUMA, Profile.PDQ_LUMA512)]
    return Seen(estimates, concentration, thumbnail)


def test_a_picture_far_from_every_boundary_owes_none() -> None:
    """The ordinary case: nothing near, enough in it, and its thumbnail its own or clearly another's."""
    assert not owes_closer_look(seen(), (), POLICY)
    assert not owes_closer_look(seen(thumbnail=20), (), POLICY)
    assert not owes_closer_look(seen(thumbnail=90), (), POLICY)


@pytest.mark.parametrize(
    "boundary",
    [
        seen(quality=59),
        seen(concentration=70),
        seen(concentration=None),
        seen(thumbnail=40),
        seen(thumbnail=60),
    ],
    ids=["quality", "grey levels", "not measured", "thumbnail within", "thumbnail beyond"],
)
def test_one_beside_a_boundary_owes_one(boundary: Seen) -> None:
    """The exact value may lie on the other side."""
    assert owes_closer_look(boundary, (), POLICY)


def test_one_with_a_candidate_owes_one_whatever_the_match_may_do() -> None:
    """An exact match does not: digests are no estimates."""
    assert owes_closer_look(seen(), [Match(1, Subject.MAIN, near())], POLICY)
    assert not owes_closer_look(seen(), [Match(1, Subject.MAIN, exact())], POLICY)


def test_the_highest_floor_of_any_set_counts() -> None:
    """A set that asks for quality 95 is never answered by an estimate: none is five above the best."""
    careful = replace(POLICY, near_by_set={"careful": Nearness(quality_floor=95)})
    assert owes_closer_look(seen(), (), careful)


def test_a_policy_without_a_threshold_of_grey_levels_asks_for_none() -> None:
    """101 means never."""
    assert not owes_closer_look(seen(concentration=99), (), replace(POLICY, little_information_from=101))


def test_exact_values_owe_nothing_and_put_estimates_aside() -> None:
    """After a closer look both are stored; the answer rests on the exact ones."""
    both = [*seen().fingerprints, taken(Profile.PDQ_FULL), taken(Profile.PDQ_REF512)]
    kept = settled(both)
    assert [one.fingerprint.profile for one in kept] == [Profile.PDQ_FULL, Profile.PDQ_REF512]
    assert not owes_closer_look(Seen(kept), [Match(1, Subject.MAIN, near())], POLICY)


def test_a_thumbnails_exact_values_do_not_stand_for_the_pictures() -> None:
    """Another raster."""
    mixed = [*seen().fingerprints, taken(Profile.PDQ_FULL, Subject.THUMBNAIL)]
    assert settled(mixed) == mixed


def test_likeness_does_not_change_with_a_closer_look() -> None:
    """Which items got one depends on the sets in force; groups of look-alikes must not."""

    def compared(*profiles: Profile) -> Fingerprint | None:
        return likeness([taken(one) for one in profiles], Subject.MAIN)

    estimates = (Profile.PDQ_LUMA, Profile.PDQ_LUMA512)
    before = compared(*estimates)
    assert before
    assert before.profile is Profile.PDQ_LUMA512
    assert compared(Profile.PDQ_FULL, Profile.PDQ_REF512, *estimates) == before
    alone = compared(Profile.PDQ_FULL, Profile.PDQ_REF512)
    assert alone
    assert alone.profile is Profile.PDQ_REF512
    assert compared(Profile.PDQ_FULL) is None
