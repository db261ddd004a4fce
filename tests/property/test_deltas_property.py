"""A delta and its base make what an import of the merged list would, and a difference tells them apart again."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.deltas import Delta
from hashsets.differences import diff
from hashsets.entry_store import content_of
from hashsets.formats.records import Read
from hashsets.formats.vics import read_vics
from hashsets.library import Library
from hashsets.merging import merge
from hashsets.releases import Release
from hashsets.states import VERDICTS
from hashsets.vocabulary import (
    Candidate,
    Digest,
    DigestAlgorithm,
    Entry,
    Fingerprint,
    FingerprintAlgorithm,
    Profile,
    SetKind,
    StateKind,
)

Record = dict[str, Any]

MD5S = [hashlib.md5(bytes([number])).hexdigest() for number in range(6)]
SHA1S = [hashlib.sha1(bytes([number])).hexdigest() for number in range(3)]
PDQS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(5)]
KEYS = [*"abcdefgh", "a#2", "ข"]
RECORDS = st.fixed_dictionaries(
    {"MD5": st.sampled_from(MD5S)},
    optional={
        "SHA1": st.sampled_from(SHA1S),
        "PDQ": st.sampled_from(PDQS),
        "PhotoDNA": st.sampled_from(["QUJD", "REVG"]),
        "Category": st.integers(0, 2),
        "Series": st.sampled_from(["one", "two"]),
        "VictimIdentified": st.booleans(),
    },
)
LISTS = st.dictionaries(st.sampled_from(KEYS), RECORDS, max_size=10)
UPDATES = st.lists(st.tuples(st.sampled_from(KEYS), RECORDS | st.none()), max_size=12)

DIGESTS = [Digest(DigestAlgorithm.MD5, bytes.fromhex(value)) for value in MD5S]
DIGESTS += [Digest(DigestAlgorithm.SHA1, bytes.fromhex(value)) for value in SHA1S]
ASKED = [
    Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, bytes([value[0] ^ 1]) + value[1:])
    for value in map(bytes.fromhex, PDQS)
]


def document(records: dict[str, Record]) -> bytes:
    return json.dumps({"value": [{"MediaID": key, **record} for key, record in records.items()]}).encode()


def entry(key: str, record: Record) -> Entry:
    (read,) = (one for one in read_vics(io.BytesIO(document({key: record})), None) if isinstance(one, Read))
    return read.entry


def delta(updates: list[tuple[str, Record | None]]) -> Delta:
    return Delta([(key, entry(key, record) if record else None) for key, record in updates], "42")


@contextmanager
def library() -> Iterator[Library]:
    with tempfile.TemporaryDirectory() as folder:
        yield Library.open(Path(folder), now=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def imported(into: Library, name: str, records: dict[str, Record]) -> Release:
    path = into._root / "input.json"
    path.write_bytes(document(records))
    return opened(into, into.import_file(path, name=name, kind=SetKind.KNOWN).release.release_id)


def opened(within: Library, release_id: str) -> Release:
    return Release.open(within._root / "releases" / release_id)


def contents(release: Release) -> dict[str, object]:
    """Everything by key, however the entries are numbered and whatever volumes they lie in."""
    entries = {one.key: one for one in release.contents()}
    found = release.find_keys(list(entries))
    assert {key: content for key, (_, content) in found.items()} == {
        key: content_of(one) for key, one in entries.items()
    }
    assert dict(release.entries([number for number, _ in found.values()])) == {
        number: (key, entries[key].opinion) for key, (number, _) in found.items()
    }
    values = {key: (set(one.digests), set(one.fingerprints), set(one.opaque)) for key, one in entries.items()}
    opinions = {key: one.opinion for key, one in entries.items()}
    return {"values": values, "opinions": opinions, "counts": replace(release.manifest.counts, rejects={})}


def answers(asked: Library) -> list[Candidate]:
    found = asked.lookup_digests(DIGESTS) + asked.lookup_fingerprints(ASKED)
    return [replace(candidate, release_id="", set_name="") for candidate in found]


@settings(max_examples=40, deadline=None)
@given(LISTS.filter(bool), UPDATES, UPDATES)
def test_base_and_delta_equal_an_import_of_the_merged_list(
    base: dict[str, Record], updates: list[tuple[str, Record | None]], further: list[tuple[str, Record | None]]
) -> None:
    """The same entries, counts and answers; and the difference names the keys that the delta changed, no others."""
    effect = dict(updates)
    merged = {key: record for key, record in {**base, **effect}.items() if record}
    with library() as ours, library() as theirs:
        old = imported(ours, "set", base)
        report = ours.apply_delta("set", delta(updates))
        new = opened(ours, report.release.release_id)
        found = diff(old, new)
        added, retracted = set(merged) - set(base), set(base) - set(merged)
        changed = {key for key in set(base) & set(merged) if entry(key, base[key]) != entry(key, merged[key])}
        assert sorted(found.added_keys()) == sorted(added)
        assert sorted(found.retracted_keys()) == sorted(retracted)
        assert sorted(found.changed_keys()) == sorted(changed)
        assert (found.added, found.retracted, found.changed) == (len(added), len(retracted), len(changed))
        assert report.delta is not None
        assert (report.delta.added, report.delta.retracted, report.delta.changed) == (
            found.added,
            found.retracted,
            found.changed,
        )
        if merged:
            assert contents(new) == contents(imported(theirs, "set", merged))
        assert answers(ours) == answers(theirs)
        assert_diff(new, opened(ours, ours.apply_delta("set", delta(further)).release.release_id))
        assert_diff(old, imported(theirs, "other", base))


def assert_diff(old: Release, new: Release) -> None:
    """A difference says what a comparison of all entries says, both ways."""
    one, other = ({entry.key: content_of(entry) for entry in release.contents()} for release in (old, new))
    found = diff(old, new)
    assert sorted(found.added_keys()) == sorted(other.keys() - one.keys())
    assert sorted(found.retracted_keys()) == sorted(one.keys() - other.keys())
    assert sorted(found.changed_keys()) == sorted(key for key in one.keys() & other.keys() if one[key] != other[key])


STEPS = st.lists(st.tuples(UPDATES, st.booleans()), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_deltas_one_after_another_equal_one_import(steps: list[tuple[list[tuple[str, Record | None]], bool]]) -> None:
    """From the first, which founds the set, to the last; whether or not layers are merged in between.

    A merged release is the same release: its id, its contents and its answers stay.
    """
    merged: dict[str, Record | None] = {}
    with library() as ours, library() as theirs:
        for updates, merging in steps:
            usable = any(dict(updates).values())
            if not ours.releases() and not usable:
                continue
            ours.apply_delta("set", delta(updates))
            merged |= dict(updates)
            (in_force,) = (found for found in ours.releases() if found.enabled)
            if merging:
                layered = opened(ours, in_force.release_id)
                before = contents(layered), answers(ours)
                assert merge(layered.folder, lambda _step: None) == bool(layered.above)
                reopened = Library.open(ours._root, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
                assert (contents(opened(ours, in_force.release_id)), answers(reopened)) == before
                assert contents(layered) == before[0], "whoever has it open goes on"
        left = {key: record for key, record in merged.items() if record}
        if left:
            (in_force,) = (found for found in ours.releases() if found.enabled)
            assert contents(opened(ours, in_force.release_id)) == contents(imported(theirs, "set", left))
        assert answers(ours) == answers(theirs)


SAID = st.lists(
    st.tuples(st.sampled_from(KEYS[:4]), st.sampled_from(sorted(set(StateKind) - {StateKind.DISABLED}))),
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(SAID)
def test_states_change_the_version_and_the_answers_and_never_a_release(said: list[tuple[str, StateKind]]) -> None:
    """A release is sealed: what is said of its entries stands beside it."""
    with library() as ours:
        release = imported(ours, "set", {key: {"MD5": MD5S[at]} for at, key in enumerate(KEYS[:4])})
        before, versions = release.manifest, [ours.version]
        held: dict[str, set[StateKind]] = {key: set() for key in KEYS[:4]}
        for key, kind in said:
            ours.set_state("set", key, kind, by="analyst-1", note="n1")
            versions.append(ours.version)
            held[key] = (held[key] - VERDICTS if kind in VERDICTS else held[key]) | {kind}
        assert len(set(versions)) == len(said) + 1
        found = {candidate.entry_key: candidate.state for candidate in ours.lookup_digests(DIGESTS)}
        assert found == {
            key: "confirmed" if kinds else None for key, kinds in held.items() if kinds <= {StateKind.CONFIRMED}
        }
        assert opened(ours, release.release_id).manifest == before
        assert Library.open(ours._root, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)).version == versions[-1]
