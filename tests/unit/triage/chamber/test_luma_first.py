"""The chamber's first look at a large JPEG: luma where that is sure, the exact decode in the same task where not."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from bench.drawn_pages import text_page
from demo.pictures import photo_like
from hashsets.vocabulary import FingerprintAlgorithm, Profile
from tests.unit.triage.chamber.test_checks import PDQ, TRUE_ANSWER, payload
from triage.chamber import checks
from triage.chamber.checks import Refuted
from triage.chamber.parent import Chamber
from triage.domain.findings import Examination, Subject

LUMA = {Profile.PDQ_LUMA, Profile.PDQ_LUMA512}
EXACT = {Profile.PDQ_FULL, Profile.PDQ_REF512, Profile.IMAGEHASH}
LARGE = photo_like(7, 1200, 900)


def profiles(found: Examination, subject: Subject = Subject.MAIN) -> set[Profile]:
    return {taken.fingerprint.profile for taken in found.fingerprints if taken.subject is subject}


def saved(picture: Image.Image, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, options.pop("format", "JPEG"), **options)
    return target.getvalue()


@pytest.fixture
def look(chamber: Chamber, source_of: Callable[..., Any]) -> Callable[[bytes], Examination]:
    return lambda data: chamber.examine(source_of(data), luma_first=True)


def test_a_large_jpeg_comes_back_with_estimates_and_its_grey_levels(look: Callable[[bytes], Examination]) -> None:
    """And with nothing that an estimate does not need: no pHash, no dHash, no exact PDQ."""
    found = look(saved(Image.fromarray(LARGE)))
    assert profiles(found) == LUMA
    assert {taken.fingerprint.algorithm for taken in found.fingerprints} == {FingerprintAlgorithm.PDQ}
    assert found.raster
    assert (found.raster.width, found.raster.height, found.raster.mode) == (1200, 900, "RGB")
    assert found.raster.concentration in range(60)
    assert not found.notes


def test_unless_it_is_asked_for_every_value_is_exact(chamber: Chamber, source_of: Callable[..., Any]) -> None:
    """Commands that show fingerprints ask for no estimate."""
    assert profiles(chamber.examine(source_of(saved(Image.fromarray(LARGE))))) == EXACT


@pytest.mark.parametrize(
    "data",
    [
        saved(Image.fromarray(LARGE), format="PNG"),
        saved(Image.fromarray(LARGE).convert("L")),
        saved(Image.fromarray(LARGE).convert("CMYK")),
        saved(Image.fromarray(LARGE).resize((600, 450))),
        saved(Image.fromarray(LARGE))[:-20_000],
        saved(Image.fromarray(text_page(1))),
        saved(Image.new("RGB", (1200, 900), "grey")),
    ],
    ids=["PNG", "grey", "CMYK", "small", "cut off", "page", "flat"],
)
def test_whatever_luma_is_not_sure_of_is_decoded_exactly_at_once(
    look: Callable[[bytes], Examination], data: bytes
) -> None:
    """In the same task, without another opening."""
    assert profiles(look(data)) == EXACT


def test_a_thumbnail_is_compared_with_the_estimate_of_its_own_profile() -> None:
    """The trusted side computes the distance; a thumbnail's values are exact."""
    answer = estimated_answer()
    small = {"subject": "thumbnail", "profile": "pdq-ref512"}
    answer["fingerprints"].append({**answer["fingerprints"][0], **small})
    assert checks.examination(payload(answer), lambda decoder: decoder).thumbnail_distance == 0


def estimated_answer() -> dict[str, Any]:
    """What a child says of a JPEG that it examined by luma."""
    one = {"subject": "main", "algorithm": "pdq", "value": PDQ, "quality": 99, "variants": [PDQ] * 8}
    return {**TRUE_ANSWER, "fingerprints": [{**one, "profile": profile} for profile in sorted(LUMA)]}


@pytest.mark.parametrize(
    "lie",
    [
        lambda answer: answer["fingerprints"].pop(),
        lambda answer: answer.update(raster={**answer["raster"], "format": "png"}),
        lambda answer: answer.update(raster={**answer["raster"], "concentration": None}),
        lambda answer: answer["fingerprints"][0].update(variants=[]),
        lambda answer: answer["fingerprints"][0].update(subject="thumbnail"),
        lambda answer: answer["fingerprints"].append({**answer["fingerprints"][0], "profile": "pdq-full"}),
    ],
    ids=["one alone", "no JPEG", "grey levels not measured", "no variants", "a thumbnail's", "beside exact values"],
)
def test_estimates_that_no_honest_child_gives_are_refused(lie: Callable[[dict[str, Any]], object]) -> None:
    """An estimate is believed only as the whole that the rules for it need."""
    answer = estimated_answer()
    checks.examination(payload(answer), lambda decoder: decoder)
    lie(answer)
    with pytest.raises(Refuted):
        checks.examination(payload(answer), lambda decoder: decoder)
