"""What comes out of a release is what went in."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hashsets.errors import Damaged
from hashsets.formats.records import Read
from hashsets.formats.vics import read_vics
from hashsets.library import Library
from hashsets.releases import Release
from hashsets.vocabulary import Entry, SetKind
from hashsets.volumes import BLOCK


def contents(library: Library, path: Path) -> list[Entry]:
    folder = library.release_folder(library.import_file(path, name="set", kind=SetKind.KNOWN).release.release_id)
    return list(Release.open(folder).contents())


def test_every_part_of_an_entry_comes_back(library: Library, tmp_path: Path) -> None:
    """Several digests of one type, fingerprints, opinions, opaque values, in the source's order of entries."""
    md5 = [hashlib.md5(str(number).encode()).hexdigest() for number in range(6)]
    records = [
        {"MediaID": 9, "MD5": md5[0], "Category": 1, "PhotoDNA": "QUJD", "Tags": "a,b", "VictimIdentified": False},
        {
            "MediaID": 4,
            "MD5": md5[1],
            "PDQ": "0f" * 32,
            "AlternativeHashes": [{"HashName": "MD5", "HashValue": md5[2]}],
        },
        {"MediaID": 7, "PDQ": "0f" * 32, "Series": "s"},
        {"MediaID": 8, "PhotoDNA": "REVG", "SHA1": hashlib.sha1(b"").hexdigest()},
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"value": records}))
    read = [record.entry for record in read_vics(io.BytesIO(path.read_bytes())) if isinstance(record, Read)]
    found = contents(library, path)
    assert [(e.key, set(e.digests), e.fingerprints, e.opinion, e.opaque) for e in found] == [
        (e.key, set(e.digests), e.fingerprints, e.opinion, e.opaque) for e in read
    ]


def test_blocks_join_without_a_seam(library: Library, write_list: Callable[..., Path]) -> None:
    """More entries than are gathered at once."""
    words = [str(number) for number in range(BLOCK + 10)]
    found = contents(library, write_list(*words))
    assert [entry.digests[0].value for entry in found] == [hashlib.md5(word.encode()).digest() for word in words]


def test_a_release_that_lacks_entries_is_damaged(library: Library, write_list: Callable[..., Path]) -> None:
    """Never a shorter list."""
    release_id = library.import_file(write_list("one", "two"), name="a", kind=SetKind.KNOWN).release.release_id
    release = Release.open(library.release_folder(release_id))
    object.__setattr__(release.manifest, "counts", replace(release.manifest.counts, entries=3))
    with pytest.raises(Damaged):
        list(release.contents())
