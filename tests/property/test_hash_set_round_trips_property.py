"""What is written comes back, or is counted as lost: for every format that we write."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from dataclasses import fields
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.formats.detect import format_named
from hashsets.formats.records import Read
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion
from hashsets.writers.seam import Outline, Tally
from hashsets.writers.written_formats import WRITTEN, WrittenFormat

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from(' ,;|"#'), min_size=1, max_size=12
)
WORDS = TEXT.map(str.strip).filter(bool)
TRUTH = st.none() | st.booleans()
OPINION = st.builds(
    Opinion,
    category=st.none() | st.sampled_from(["us:1", "us:2", "uk:8", "vics:0", "baseline"]) | WORDS,
    series=st.none() | WORDS,
    victim_identified=TRUTH,
    offender_identified=TRUTH,
    distributed=TRUTH,
    tags=st.lists(WORDS, max_size=3).map(tuple),
)
KEY = st.integers(0, 999).map(str) | WORDS
OPAQUE = st.sampled_from(["photodna", "sha512", "edk"])


@st.composite
def entry_lists(draw: st.DrawFn) -> list[Entry]:
    """Entries whose values are all different, so that each can be followed."""
    entries = []
    for number in range(draw(st.integers(1, 6))):
        kinds = draw(st.lists(st.sampled_from([*DigestAlgorithm, "pdq", "opaque"]), min_size=1, max_size=6))
        digests, fingerprints, opaque = [], [], []
        for place, kind in enumerate(kinds):
            seed = f"{number} {place}".encode()
            if isinstance(kind, DigestAlgorithm):
                digests.append(Digest(kind, hashlib.new(kind.value, seed).digest()))
            elif kind == "pdq":
                fingerprints.append(hashlib.blake2s(seed).digest())
            else:
                opaque.append((draw(OPAQUE), seed.hex()))
        entries.append(Entry(draw(KEY), tuple(digests), tuple(fingerprints), draw(OPINION), tuple(opaque)))
    return entries


def values(entry: Entry) -> set[tuple[str, str]]:
    found = {(digest.algorithm.value, digest.value.hex()) for digest in entry.digests}
    return found | {("pdq", value.hex()) for value in entry.fingerprints} | set(entry.opaque)


def there_and_back(known: WrittenFormat, entries: list[Entry]) -> tuple[list[Entry], Tally]:
    categories = Counter(entry.opinion.category or "" for entry in entries)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written"
        tally = known.write(iter(entries), path, Outline(categories))
        with path.open("rb") as stream:
            records = list(format_named(known.read_as).read(stream, path, None))
    assert all(isinstance(record, Read) for record in records), "what we write, we read without a reject"
    return [record.entry for record in records if isinstance(record, Read)], tally


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WRITTEN), entry_lists())
def test_every_value_comes_back_or_is_counted(known: WrittenFormat, entries: list[Entry]) -> None:
    """By type; of an entry that is counted as lost, nothing comes back at all."""
    read, tally = there_and_back(known, entries)
    back = Counter(kind for entry in read for kind, _ in values(entry))
    assert set().union(*map(values, read)) <= set().union(*map(values, entries))
    arrived = set().union(*map(values, read))
    written = [entry for entry in entries if values(entry) & arrived]
    assert (tally.written, tally.lost["entry"]) == (len(written), len(entries) - len(written))
    expected = Counter(kind for entry in written for kind, _ in values(entry))
    names = {field.name for field in fields(Opinion)} | {"entry", "key"}
    expected.subtract({kind: count for kind, count in tally.lost.items() if kind not in names})
    assert +back == +expected


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WRITTEN), entry_lists())
def test_every_word_of_an_opinion_comes_back_or_is_counted(known: WrittenFormat, entries: list[Entry]) -> None:
    """Field by field: as many differ as were counted, and absent never becomes false."""
    read, tally = there_and_back(known, entries)
    differ: Counter[str] = Counter()
    for entry in entries:
        back = next((found.opinion for found in read if values(found) & values(entry)), None)
        if back:
            differ.update(
                field.name
                for field in fields(Opinion)
                if getattr(back, field.name) != getattr(entry.opinion, field.name)
            )
    for field in fields(Opinion):
        assert (
            differ[field.name] <= tally.lost[field.name] <= differ[field.name] + len(entries) * (field.name == "tags")
        )
