"""Files of updates: what is written comes back, two releases lead from one to the other, and any bytes are borne."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hashsets.applying import apply_file
from hashsets.delta_exporting import export_delta
from hashsets.differences import diff
from hashsets.errors import HashSetError
from hashsets.formats.records import Read, Reject
from hashsets.formats.updates import FIELDS, Retracted, read_updates
from hashsets.library import Library
from hashsets.releases import Release
from hashsets.vocabulary import Entry, SetKind
from hashsets.writers.updates import write_updates
from tests.property.test_deltas_property import RECORDS, Record, contents, library, opened
from tests.property.test_hash_set_round_trips_property import entry_lists

REPEATED = st.lists(st.tuples(st.sampled_from(["a", "b", "a#2", "c#2#2"]), RECORDS), min_size=1, max_size=8)
"""Sources list a key more than once, and one may look as if we had continued it."""


def imported(into: Library, name: str, records: list[tuple[str, Record]]) -> Release:
    path = into._root / "input.json"
    path.write_text(json.dumps({"value": [{"MediaID": key, **record} for key, record in records]}))
    return opened(into, into.import_file(path, name=name, kind=SetKind.KNOWN).release.release_id)


def read(content: bytes) -> list[Read | Retracted | Reject]:
    return list(read_updates(io.BytesIO(content)).records)


@settings(max_examples=150, deadline=None)
@given(entry_lists(), st.lists(st.integers(0, 5)), st.none() | st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_is_written_comes_back(entries: list[Entry], retracted: list[int], checkpoint: str | None) -> None:
    """Every value, every word of the opinion, every retraction and the checkpoint, in order and without a reject."""
    updates = [(entry.key, None if place in retracted else entry) for place, entry in enumerate(entries)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "updates"
        assert write_updates(updates, path, checkpoint) == len(updates)
        with path.open("rb") as stream:
            found = read_updates(stream)
            back = list(found.records)
    assert found.checkpoint == checkpoint
    assert [one.position for one in back] == list(range(1, len(updates) + 1))
    assert [(one.key, None) if isinstance(one, Retracted) else one for one in back] == [
        (key, None) if entry is None else Read(place, comparable(entry))
        for place, (key, entry) in enumerate(updates, start=1)
    ]


def comparable(entry: Entry) -> Entry:
    """Types come in one order."""
    order = ["md5", "sha1", "sha256"]
    digests = sorted(entry.digests, key=lambda one: order.index(one.algorithm))
    kinds = ["photodna", *dict.fromkeys(kind for kind, _ in entry.opaque if kind != "photodna")]
    opaque = sorted(entry.opaque, key=lambda pair: kinds.index(pair[0]))
    return replace(entry, digests=tuple(digests), opaque=tuple(opaque))


@settings(max_examples=40, deadline=None)
@given(REPEATED, REPEATED)
@example([("a", {"MD5": "00" * 16}), ("a", {"MD5": "11" * 16})], [("a#2", {"MD5": "11" * 16})])
@example(
    [("a", {"MD5": "00" * 16}), ("a", {"MD5": "11" * 16}), ("a#2", {"MD5": "22" * 16})],
    [("a", {"MD5": "33" * 16}), ("a", {"MD5": "11" * 16}), ("a#2", {"MD5": "22" * 16})],
)
def test_a_base_and_the_updates_that_lead_on_equal_the_new_release(
    before: list[tuple[str, Record]], after: list[tuple[str, Record]]
) -> None:
    """By content, however the entries are numbered; also where a source lists a key again."""
    with library() as ours:
        old, new = imported(ours, "set", before), imported(ours, "other", after)
        path = ours._root / "updates"
        report = export_delta(ours, old.release_id, new.release_id, path)
        applied = apply_file(ours, "set", path)
        assert applied.rejects == {}
        assert applied.delta is not None
        facts = applied.delta
        assert (facts.added, facts.retracted, facts.changed) == (report.added, report.retracted, report.changed)
        assert facts.added + facts.retracted + facts.changed + facts.unchanged == report.updates
        assert ours.checkpoint("set") == new.release_id
        made = opened(ours, applied.release.release_id)
        found = diff(made, new)
        assert (found.added, found.retracted, found.changed) == (0, 0, 0)
        assert contents(made) == contents(new)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


LINE = (st.dictionaries(st.sampled_from(sorted(FIELDS)) | st.text(max_size=5), JSON, max_size=6) | JSON).filter(
    lambda line: not isinstance(line, dict) or line.keys() != {"updates"}  # that would be the last one
)
GOOD = {"key": "good", "md5": "11" * 16}


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE))
def test_any_json_on_the_lines_is_accounted_for(lines: list[Any]) -> None:
    """Each line is an update or a reject; nothing else is raised, and a library takes what is left of it."""
    listed = [{"format": "updates 1"}, *lines, GOOD, {"updates": len(lines) + 1}]
    document = "".join(f"{json.dumps(line)}\n" for line in listed).encode()
    assert {one.position for one in read(document)} == set(range(1, len(lines) + 2))
    with library() as ours:
        path = ours._root / "updates"
        path.write_bytes(document)
        report = apply_file(ours, "set", path)
        assert report.delta is not None
        assert report.delta.added == report.release.counts.entries >= 1


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"", b'{"format": "updates 1"}\n']), st.binary(max_size=300))
def test_any_bytes_are_read_calmly(head: bytes, content: bytes) -> None:
    """A coded error, since nothing counts at the end."""
    with pytest.raises(HashSetError):
        read(head + content)
