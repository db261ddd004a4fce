"""A person asks about one file or one value; nothing is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashsets.library import Library
from hashsets.vocabulary import Basis, Fingerprint, FingerprintAlgorithm, Profile, SetKind
from tests.unit.triage.services.listing import import_list
from tests.unit.triage.stored import digests_of, flipped, pdq, value
from triage.domain.findings import Examination, Raster, Subject, TakenFingerprint
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Because, Standing
from triage.services.looking_up import LookingUp


@pytest.fixture
def looking_up(library: Library, tmp_path: Path) -> LookingUp:
    import_list(library, tmp_path, "known", SetKind.KNOWN, digests_of(b"a").md5.hex(), f"pdq {value('listed').hex()}")
    import_list(library, tmp_path, "good", SetKind.KNOWN_GOOD, f"pdq {value('listed').hex()}")
    return LookingUp(library, MatchPolicy("test"))


def seen(*asked: TakenFingerprint, concentration: int | None = None) -> Examination:
    return Examination(Raster("png", 9, 9, "RGB", concentration=concentration), asked)


def taken(quality: int = 100, subject: Subject = Subject.MAIN, *bits: int) -> TakenFingerprint:
    return TakenFingerprint(subject, pdq(flipped(value("listed"), *bits), quality))


def test_exact_matches_come_first_then_near_ones_by_raster(looking_up: LookingUp) -> None:
    """Each names the raster that gave it, and whether the answer would rest on it."""
    stranger = TakenFingerprint(Subject.RAW_RGB, pdq(value("stranger")))
    found = looking_up.lookup(digests_of(b"a").as_digests(), seen(stranger, taken(100, Subject.THUMBNAIL, 1, 2)))
    assert [(one.subject, one.candidate.basis, one.candidate.distance, one.standing) for one in found] == [
        (Subject.MAIN, Basis.EXACT, 0, Standing.DECIDES),
        (Subject.THUMBNAIL, Basis.NEAR, 2, Standing.OUTRANKED),
    ]


def test_a_poor_fingerprint_asks_for_nothing(looking_up: LookingUp) -> None:
    """The same rule as in the pipeline."""
    assert looking_up.lookup([], seen(taken(49))) == ()


def test_a_picture_of_little_information_is_told_as_held_back(looking_up: LookingUp) -> None:
    """The same rule as in the pipeline, with its reason."""
    (found,) = looking_up.lookup([], seen(taken(), concentration=90))
    assert (found.standing, found.because) == (Standing.HELD_BACK, Because.LITTLE_INFORMATION)


def test_digests_alone_are_judged_by_the_rules(looking_up: LookingUp) -> None:
    """Without any file."""
    (found,) = looking_up.lookup([digests_of(b"a").as_digests()[0]])
    assert (found.standing, found.because) == (Standing.DECIDES, "exact-known")


def test_a_bare_value_has_no_quality_and_is_asked_as_it_is(looking_up: LookingUp) -> None:
    """A person asked. Likeness to something known-good is no match here either."""
    asked = Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, flipped(value("listed"), *range(31)))
    (found,) = looking_up.lookup_value(asked)
    assert (found.candidate.set_name, found.candidate.distance) == ("known", 31)
    farther = Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, flipped(value("listed"), *range(32)))
    assert looking_up.lookup_value(farther) == ()
