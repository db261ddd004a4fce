"""Traits are values: equal kind and key mean equal in every field, and keys survive any metadata."""

from __future__ import annotations

import string
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.cells import Cell, Tolerance
from triage.domain.findings import Camera, CaptureTime, Findings, Place
from triage.domain.linking_rules import SerialRules
from triage.domain.links import plain, same_camera_body, same_place_and_time, serial_of

RULES = SerialRules(shortest=4, placeholders=frozenset({"none", "unknown"}))
ANY_TEXT = st.text(st.characters(codec=None), max_size=20)  # control characters and lone surrogates too
FEW = st.text("aA1 \t/", max_size=5)
SERIALS = st.text("aB14 ", min_size=3, max_size=7)


@given(st.builds(Camera, FEW, FEW, SERIALS), st.builds(Camera, FEW, FEW, SERIALS))
def test_bodies_with_one_key_are_one_trait_and_agree_in_all_three_fields(one: Camera, other: Camera) -> None:
    """Whichever item is met first, the stored sentence is the same; and no two bodies run into one key."""
    first = same_camera_body(Findings(camera=one), RULES)
    second = same_camera_body(Findings(camera=other), RULES)
    if first is None or second is None:
        return
    alike = [plain(one.make) == plain(other.make), plain(one.model) == plain(other.model)]
    serials = ["".join(plain(camera.serial or "").split()) for camera in (one, other)]
    assert (first.key == second.key) == (all(alike) and serials[0] == serials[1])
    assert (first.key == second.key) <= (first == second)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_whatever_a_file_claims_the_key_can_be_stored(make: str, model: str, serial: str) -> None:
    """NUL and lone surrogates, which databases refuse, never reach a key or a sentence."""
    trait = same_camera_body(Findings(camera=Camera(make, model, serial)), RULES)
    if trait is not None:
        assert "\x00" not in trait.key.encode("utf-8").decode() + trait.because.encode("utf-8").decode()


@given(ANY_TEXT)
def test_plain_text_is_printable_and_singly_spaced(text: str) -> None:
    """Nothing in it can break a line, a log or a key."""
    once = plain(text)
    assert once.isprintable()
    assert once == " ".join(once.split())


@given(st.text(string.digits + string.ascii_letters, max_size=12))
def test_zeros_before_and_case_never_decide_whether_a_serial_counts(text: str) -> None:
    """Padding makes no serial of a filler (counting digits aside, which padding breaks)."""
    counts = serial_of(text, RULES) is not None
    assert (serial_of(text.swapcase(), RULES) is not None) == counts
    if not text.isdecimal():
        placeholder = text.casefold() in RULES.placeholders
        assert placeholder or (serial_of(f"00{text}", RULES) is not None) == counts


@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31)),  # noqa: DTZ001 - wall-clock times
    st.none() | st.integers(-1439, 1439),
    st.integers(1, 10_000),
    st.integers(1, 86_400),
)
def test_place_and_time_traits_follow_from_their_key_alone(
    latitude: float, longitude: float, local: datetime, offset: int | None, metres: int, seconds: int
) -> None:
    """The key names one cell, and a sentence is found for every cell that any capture can join."""
    findings = Findings(place=Place(latitude, longitude), captured=CaptureTime(local, offset))
    traits = same_place_and_time(findings, Tolerance(metres, seconds))
    assert len({trait.key for trait in traits}) == len(traits)
    for trait in traits:
        cell = Cell.from_key(trait.key)
        assert cell.key == trait.key
        assert abs(cell.centre.latitude) <= 90
        assert abs(cell.centre.longitude) <= 180
