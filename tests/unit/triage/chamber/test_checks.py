"""What the trusted side refuses to believe."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.chamber import checks, wire
from triage.chamber.checks import Refuted
from triage.domain.findings import Findings, NoteCode, ProcessingNote

PDQ = "0f" * 32
TRUE_ANSWER: dict[str, Any] = {
    "raster": {"format": "jpeg", "width": 640, "height": 480, "mode": "RGB", "frames": 1, "concentration": 12},
    "fingerprints": [
        {"subject": "main", "algorithm": "pdq", "profile": "pdq-full", "value": PDQ, "quality": 99,
         "variants": [PDQ] * 8},
        {"subject": "main", "algorithm": "phash", "profile": "imagehash", "value": "0f" * 8, "quality": None,
         "variants": []},
    ],
    "findings": {
        "camera": {"make": "Maker", "model": "One", "serial": "123"},
        "lens_model": None, "lens_serial": None, "software": "Editor 1.0",
        "captured": {"local": "2024-05-01T12:30:00", "offset_minutes": 420},
        "place": {"latitude": 13.75, "longitude": 100.5}, "has_maker_note": True, "orientation": 6,
    },
    "notes": [{"code": "low-quality", "detail": "quality 12"}],
    "decoder": "simplejpeg",
}  # fmt: skip

LIES: list[tuple[tuple[str | int, ...], object]] = [
    (("raster", "width"), 0),
    (("raster", "width"), 1 << 40),
    (("raster", "width"), True),
    (("raster", "width"), 640.0),
    (("raster", "format"), "svg"),
    (("raster", "mode"), "RGB\n"),
    (("raster", "concentration"), 101),
    (("raster", "concentration"), -1),
    (("raster", "concentration"), 12.5),
    (("raster", "concentration"), True),
    (("raster", "concentration"), "12"),
    (("raster",), None),
    (("raster",), []),
    (("fingerprints", 0, "value"), "0f" * 31),
    (("fingerprints", 0, "value"), "0F" * 32),
    (("fingerprints", 0, "value"), "1f" * 32),
    (("fingerprints", 0, "value"), 7),
    (("fingerprints", 0, "variants"), [PDQ] * 7),
    (("fingerprints", 0, "variants"), ["0f" * 8] * 8),
    (("fingerprints", 0, "quality"), 101),
    (("fingerprints", 0, "quality"), None),
    (("fingerprints", 0, "profile"), "imagehash"),
    (("fingerprints", 0, "subject"), "someone"),
    (("fingerprints", 1, "value"), PDQ),
    (("fingerprints",), {}),
    (("findings", "camera", "make"), "x" * 129),
    (("findings", "camera", "make"), "two\nlines"),
    (("findings", "camera", "make"), "turned\u202eround"),
    (("findings", "camera", "make"), None),
    (("findings", "software"), 5),
    (("findings", "captured", "local"), "2024-05-01T12:30:00+07:00"),
    (("findings", "captured", "local"), "2024-13-01T12:30:00"),
    (("findings", "captured", "offset_minutes"), 841),
    (("findings", "place", "latitude"), 90.5),
    (("findings", "place", "longitude"), "100.5"),
    (("findings", "orientation"), 9),
    (("findings", "has_maker_note"), 1),
    (("findings",), None),
    (("notes", 0, "code"), "invented"),
    (("notes", 0, "detail"), "IMG_0001/ÄÖ"),
    (("notes", 0, "detail"), "x" * 61),
    (("notes",), [{"code": "empty", "detail": ""}] * 65),
    (("decoder",), "mystery"),
    (("decoder",), ["simplejpeg"]),
]


def payload(answer: object) -> bytes:
    return json.dumps(answer).encode()


def believed(answer: object) -> object:
    return checks.examination(payload(answer), lambda decoder: decoder)


def test_a_true_answer_passes() -> None:
    """The baseline of all lies below is accepted, so that each is refused for its one change."""
    assert believed(TRUE_ANSWER)


@pytest.mark.parametrize(("path", "lie"), LIES)
def test_a_single_wrong_field_refuses_the_answer(path: tuple[str | int, ...], lie: object) -> None:
    """Nothing is coerced and nothing is dropped quietly."""
    answer: Any = copy.deepcopy(TRUE_ANSWER)
    place = answer
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = lie
    with pytest.raises(Refuted):
        believed(answer)


def test_the_same_fingerprint_twice_is_refused() -> None:
    """One value per subject, algorithm and profile: the key under which it is stored."""
    answer = copy.deepcopy(TRUE_ANSWER)
    answer["fingerprints"].append(answer["fingerprints"][0])
    with pytest.raises(Refuted):
        believed(answer)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"NaN", b'{"raster": NaN}', b"[" * 50000, b"\xff", b'"\\ud800"'])
def test_what_is_not_an_answer_is_refused(text: bytes) -> None:
    """Also not-a-number, deep nesting and bad text."""
    with pytest.raises(Refuted):
        checks.examination(text, lambda decoder: decoder)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(TRUE_ANSWER)), json_values)
def test_any_value_in_any_field_is_believed_or_refused(key: str, value: object) -> None:
    """The customs never fail in another way."""
    try:
        believed({**TRUE_ANSWER, key: value})
    except Refuted:
        return


def test_the_thumbnail_distance_is_ours() -> None:
    """It is computed from checked fingerprints, least over the symmetries; a field of that name is not read."""
    answer = copy.deepcopy(TRUE_ANSWER)
    main = answer["fingerprints"][0]
    turned = "f0" * 32
    main["variants"] = [PDQ, *["00" * 32] * 6, turned]
    answer["fingerprints"].append({**main, "subject": "thumbnail", "value": turned, "variants": [turned] * 8})
    answer["thumbnail_distance"] = 99
    found = checks.examination(payload(answer), lambda decoder: decoder)
    assert found.thumbnail_distance == 0


def test_a_poor_thumbnail_says_nothing() -> None:
    """Under quality 50 a distance is noise, so there is none."""
    answer = copy.deepcopy(TRUE_ANSWER)
    main = answer["fingerprints"][0]
    answer["fingerprints"].append({**main, "subject": "thumbnail", "quality": 49})
    assert checks.examination(payload(answer), lambda decoder: decoder).thumbnail_distance is None


@given(st.binary(max_size=300), st.integers(0, 1 << 62), st.none() | st.integers(0, 1 << 40))
def test_member_names_of_any_bytes_survive(name: bytes, size: int, mtime: int | None) -> None:
    """A name in any encoding, or none, arrives as it was."""
    assert checks.member(wire.member(name, size, mtime)) == checks.MemberHeader(name, size, mtime)


@pytest.mark.parametrize(
    "lie",
    [
        {"name": "not base64!", "size": 1, "mtime": None},
        {"name": base64.b64encode(b"x" * 4097).decode(), "size": 1, "mtime": None},
        {"name": "", "size": -1, "mtime": None},
        {"name": "", "size": 1, "mtime": 1.5},
        {"name": None, "size": 1, "mtime": None},
        [],
    ],
)
def test_member_headers_are_checked(lie: object) -> None:
    """Name, size and time each have a range."""
    with pytest.raises(Refuted):
        checks.member(payload(lie))


def test_what_the_child_writes_is_what_is_read() -> None:
    """Nothing is lost between the two files that know the form."""
    note = ProcessingNote(NoteCode.TRUNCATED, "x")
    found = checks.examination(wire.examination(None, [], Findings(), [note], None), lambda decoder: decoder)
    assert (found.raster, found.findings, found.notes, found.tool) == (None, Findings(), (note,), "none")


def test_plain_text_hides_nothing() -> None:
    """Control characters and direction marks go, long values are cut, and the cut is told."""
    assert checks.plain_text(" a\x00b\u202ec\n ") == ("abc", False)
    assert checks.plain_text("x" * 200) == ("x" * 128, True)
