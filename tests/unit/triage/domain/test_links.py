"""Link rules: what ties items together, what does not, and how each says so."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from hashsets.vocabulary import Transform
from triage.domain.cells import Cell, Tolerance
from triage.domain.findings import Camera, CaptureTime, Findings, Place
from triage.domain.linking_rules import LinkRules, parse_link_rules
from triage.domain.links import (
    Link,
    LinkKind,
    Strength,
    near_fingerprint,
    same_archive,
    same_camera_body,
    same_place_and_time,
    thumbnail_of,
    too_common,
    traits_of,
)

ROOT = Path(__file__).parents[4]
RULES: LinkRules = parse_link_rules(tomllib.loads((ROOT / "config/linking.toml").read_text(encoding="utf-8")))
BODY = Camera("Maker", "Model 1", "A1234567")
NOON = CaptureTime(datetime(2026, 5, 1, 12, 0), 420)  # noqa: DTZ001 - wall-clock time, as EXIF has it
HALL = Place(13.7563, 100.5018)
TOLERANCE = Tolerance(metres=100, seconds=1800)


def camera_key(make: str = "Maker", model: str = "Model 1", serial: str | None = "A1234567") -> str | None:
    trait = same_camera_body(Findings(camera=Camera(make, model, serial)), RULES.serials)
    return trait.key if trait else None


def test_one_camera_body_is_a_strong_trait_that_says_which() -> None:
    """Make, model and body serial agree: one origin."""
    trait = same_camera_body(Findings(camera=BODY), RULES.serials)
    assert trait is not None
    assert (trait.kind, trait.strength) == (LinkKind.SAME_CAMERA, Strength.STRONG)
    assert trait.because == "Same camera body: MAKER MODEL 1, serial A1234567"


def test_a_model_that_begins_with_its_make_is_named_once() -> None:
    """Make "Maker" and model "Maker Model" read as one name."""
    trait = same_camera_body(Findings(camera=Camera("Maker", "MAKER Model", "A1234567")), RULES.serials)
    assert trait is not None
    assert trait.because == "Same camera body: MAKER MODEL, serial A1234567"


@pytest.mark.parametrize(
    ("make", "model", "serial"),
    [
        ("MAKER", "model 1", "a1234567"),
        (" Maker\x00", "Model\t  1 ", "A123 4567\n"),
        ("Ｍaker", "Model 1", "A1234567"),  # noqa: RUF001 - a full-width letter, as some firmware writes
    ],
)
def test_case_space_padding_and_width_do_not_make_another_body(make: str, model: str, serial: str) -> None:
    """Programs that copy metadata change case and padding; the body is the same."""
    assert camera_key(make, model, serial) == camera_key()


@pytest.mark.parametrize(
    ("make", "model", "serial"),
    [("Other", "Model 1", "A1234567"), ("Maker", "Model 2", "A1234567"), ("Maker", "Model 1", "A1234568")],
)
def test_a_serial_of_another_make_or_model_is_another_body(make: str, model: str, serial: str) -> None:
    """Makers reuse serials across models, so a serial alone is no link."""
    assert camera_key(make, model, serial) not in {None, camera_key()}


def test_keys_of_different_bodies_never_run_together() -> None:
    """Where make ends and model begins stays plain in the key."""
    assert camera_key("Maker Model", "1") != camera_key("Maker", "Model 1")


@pytest.mark.parametrize(
    "serial",
    [
        None, "", "   ", "0", "00000000", "0000001", "0000123", "123", "11111111", "FFFFFFFF", "--------", "none",
        "None ", "N/A", "(null)", "Not Available", "unknown", "12345678", "0123456789", "4294967295", "\x00\x00\x00",
    ],
)  # fmt: skip
def test_a_filler_is_no_serial(serial: str | None) -> None:
    """A filler taken for a serial would tie strangers into one network."""
    assert camera_key(serial=serial) is None


@pytest.mark.parametrize("serial", ["1001", "0001234", "12345679", "300091c5", "00A7", "0000204d8d"])
def test_short_and_padded_serials_of_four_digits_count(serial: str) -> None:
    """Four letters or digits beyond the padding are a serial ("00A7" has only two)."""
    assert (camera_key(serial=serial) is None) == (serial == "00A7")


@pytest.mark.parametrize(("make", "model"), [("", "Model"), ("Maker", " \x00"), ("", "")])
def test_a_serial_without_make_or_model_is_no_body(make: str, model: str) -> None:
    """Half a name is not enough."""
    assert camera_key(make, model) is None


def test_place_and_time_need_both() -> None:
    """A place at another time, or a time elsewhere, ties nothing."""
    assert same_place_and_time(Findings(place=HALL), TOLERANCE) == ()
    assert same_place_and_time(Findings(captured=NOON), TOLERANCE) == ()
    assert 1 <= len(same_place_and_time(Findings(place=HALL, captured=NOON), TOLERANCE)) <= 8


def test_a_place_and_time_trait_says_about_where_and_when_and_whose_clock() -> None:
    """The sentence gives the cell's bounds, not one picture's values, and never claims a zone that nobody stated."""
    stated = same_place_and_time(Findings(place=HALL, captured=NOON), TOLERANCE)[0]
    assert stated.because.startswith("Within about 200 m of 13.75")
    assert "and 1 h of 2026-05-01 05:30" in stated.because
    assert stated.because.endswith("UTC")
    unstated = same_place_and_time(Findings(place=HALL, captured=replace(NOON, offset_minutes=None)), TOLERANCE)[0]
    assert unstated.because.endswith("by the camera's clock, zone not stated")


def test_an_archive_is_a_weak_trait() -> None:
    """Packed together says little alone."""
    assert same_archive(12).because == "In the same archive, item 12"
    assert same_archive(12).strength is Strength.WEAK


def test_traits_come_each_once_in_a_fixed_order() -> None:
    """Whatever order containers are met in, the answer is the same."""
    findings = Findings(camera=BODY, place=HALL, captured=NOON)
    traits = traits_of(findings, [9, 3, 9], RULES)
    assert traits == traits_of(findings, [3, 9], RULES)
    assert len(set(traits)) == len(traits)
    assert traits[0].kind is LinkKind.SAME_CAMERA
    assert [trait.key for trait in traits][-2:] == ["3", "9"]
    assert traits_of(Findings(), [], RULES) == ()


def test_a_value_shared_by_very_many_items_links_nothing_and_says_so() -> None:
    """The limit itself still links; one more does not."""
    most = RULES.most_members["same-archive"]
    assert too_common(LinkKind.SAME_ARCHIVE, most, RULES) is None
    assert too_common(LinkKind.SAME_ARCHIVE, most + 1, RULES) == (
        "Shared by 2,001 items, more than 2,000: too common to link"
    )


def test_pairwise_links_say_how_far_and_how_turned() -> None:
    """Distance and symmetry stand in the sentence."""
    near = near_fingerprint(1, 2, 14, Transform.ROTATE_90)
    assert near.because == "Looks alike: 14 of 256 bits differ after rotate-90"
    assert thumbnail_of(1, 2, 8, Transform.IDENTITY).because.endswith("8 of 256 bits differ")


def test_a_link_needs_two_items() -> None:
    """An item is not linked to itself."""
    with pytest.raises(ValueError, match="two items"):
        Link(LinkKind.NEAR_FINGERPRINT, Strength.MEDIUM, 1, 1, "")


def test_keys_and_sentences_stay_out_of_reprs() -> None:
    """A trait in an error message or a log line must not carry a serial or a position."""
    for trait in traits_of(Findings(camera=BODY, place=HALL, captured=NOON), [], RULES):
        assert "1234567" not in repr(trait)
        assert "13.7" not in repr(trait)


def test_a_cell_is_read_back_from_its_key() -> None:
    """Stored keys are enough to count occasions later."""
    for trait in same_place_and_time(Findings(place=HALL, captured=NOON), TOLERANCE):
        assert Cell.from_key(trait.key).key == trait.key
    with pytest.raises(ValueError, match="unpack"):
        Cell.from_key("12")
