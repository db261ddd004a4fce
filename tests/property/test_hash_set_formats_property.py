"""Readers of hash-set files take whatever comes: entries, rejects or one coded error, and nothing else."""

from __future__ import annotations

import io
import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.conformance import spooled
from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, Format, detect
from hashsets.formats.plain_list import read_list
from hashsets.formats.records import Read, Reject
from hashsets.formats.vics import read_vics

HEX = st.binary(min_size=16, max_size=16).map(bytes.hex)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | HEX,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *("MediaID", "Category", "MD5", "md5", "SHA1", "PhotoDNA", "PDQ", "Series", "Tags", "VictimIdentified"),
        *("OffenderIdentified", "IsDistributed", "AlternativeHashes", "MediaFiles", "Exifs", "Media", "MediaSize"),
    ]
)


def read(known: Format, content: bytes) -> list[Read | Reject]:
    reader = known.read_stream or (known.read_path and spooled(known.read_path))
    assert reader
    try:
        return list(reader(io.BytesIO(content), None))
    except HashSetError:
        return []


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMATS), st.sampled_from([b"", b"SQLite format 3\x00"]), st.binary(max_size=400))
def test_any_bytes_are_read_calmly(known: Format, beginning: bytes, content: bytes) -> None:
    """No reader raises anything but HashSetError."""
    read(known, beginning + content)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_beginning_is_detected_calmly(head: bytes) -> None:
    """A format or a coded error."""
    with suppress(HashSetError):
        assert detect(head) in FORMATS


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=8) | JSON, max_size=5))
def test_any_json_in_the_shape_of_vics_is_read_calmly(records: list[object]) -> None:
    """Each record gives an entry or is accounted for, and nothing of it appears in a reject."""
    found = list(read_vics(io.BytesIO(json.dumps({"value": records}).encode()), None))
    if any(isinstance(record, dict) and "Media" in record for record in records):
        return
    assert {record.position for record in found} == set(range(1, len(records) + 1))


@settings(max_examples=100, deadline=None)
@given(st.lists(HEX, max_size=20), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_list_of_digests_comes_back_whole(values: list[str], end: str, upper: bool) -> None:
    """Whatever the line ends and the case."""
    text = end.join(value.upper() if upper else value for value in values)
    found = [record.entry for record in read_list(io.BytesIO(text.encode()), None) if isinstance(record, Read)]
    assert [entry.digests[0].value.hex() for entry in found] == values
