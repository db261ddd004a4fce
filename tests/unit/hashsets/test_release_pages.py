"""A release and an entry as a person is shown them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.release_pages import entry_page, release_page
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion, SetKind, StateKind

MADE_UP = ["11" * 16, "22" * 16]


@pytest.fixture
def release(library: Library, tmp_path: Path) -> str:
    """Two entries, the second with everything, and a record that is not taken."""
    path = tmp_path / "set.json"
    everything = {"MD5": MADE_UP[1], "PDQ": "0f" * 32, "PhotoDNA": "QUJD", "Category": 1, "Tags": "one,two"}
    records = [{"MediaID": 1, "MD5": MADE_UP[0]}, {"MediaID": 2, **everything}, {"MediaID": 3}]
    path.write_text(json.dumps({"value": records}))
    return library.import_file(path, name="set", kind=SetKind.KNOWN).release.release_id


def test_the_page_of_a_release_has_its_manifest_and_what_came_later(library: Library, release: str) -> None:
    """Rejects with their places, what lies on disk, seal, checkpoint, and the day of expiry set since."""
    library.apply_delta("set", Delta([], "to go on"))
    library.expire(release, date(2027, 1, 1))
    page = release_page(library, release)
    assert (page.release.release_id, page.release.expires) == (release, "2027-01-01")
    assert (page.positions, page.first_rejects) == ("record", ((3, "no-usable-value"),))
    assert page.checkpoint == "to go on"
    folder = library.release_folder(release)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert (page.files, page.bytes) == (len(files), sum(path.stat().st_size for path in files))
    assert release.endswith(page.seal[:8])


def test_the_page_of_an_entry_counts_values_and_shows_none(library: Library, release: str) -> None:
    """The opinion, types, what is not comparable; what we say, and everything we ever said."""
    library.set_state("set", "2", StateKind.REFUTED, by="analyst-1", note="n1")
    library.set_state("set", "1", StateKind.CONFIRMED, by="analyst-1")
    library.set_state("set", "2", StateKind.CONFIRMED, by="analyst-2")
    library.clear_state("set", "2", StateKind.CONFIRMED, by="analyst-3", note="n2")
    library.set_state("set", "2", StateKind.QUARANTINED, by="analyst-1", note="noisy")
    page = entry_page(library, "set", "2")
    assert (page.set_name, page.release_id, page.entry_key) == ("set", release, "2")
    assert page.opinion == Opinion("vics:1", tags=("one", "two"))
    assert (page.values, page.not_comparable) == ({"md5": 1, "pdq": 1, "photodna": 1}, ("photodna",))
    assert [state.kind for state in page.states] == [StateKind.QUARANTINED]
    assert [(one.number, one.state.by, one.state.kind.value, one.cleared) for one in page.history] == [
        (1, "analyst-1", "refuted", False),
        (3, "analyst-2", "confirmed", False),
        (4, "analyst-3", "confirmed", True),
        (5, "analyst-1", "quarantined", False),
    ]
    assert entry_page(library, "set", "1").values == {"md5": 1}


@pytest.mark.parametrize(("set_name", "key", "code"), [("set", "4", "entry-unknown"), ("other", "1", "set-unknown")])
def test_what_there_is_not_has_no_page(set_name: str, key: str, code: str, library: Library, release: str) -> None:
    """An entry of the release in force, a set, a release."""
    with pytest.raises(HashSetError) as caught:
        entry_page(library, set_name, key)
    assert caught.value.code == code
    library.disable(release)
    with pytest.raises(HashSetError) as caught:
        entry_page(library, "set", "1")
    assert caught.value.code == "set-not-in-force"
    with pytest.raises(HashSetError) as caught:
        release_page(library, "none")
    assert caught.value.code == "release-unknown"


def test_an_entry_is_found_in_full_among_others(library: Library) -> None:
    """All its values, and no one else's."""
    entries = [
        Entry(str(n), (Digest(DigestAlgorithm.MD5, bytes([n]) * 16),), (bytes([n]) * 32, bytes([n + 100]) * 32))
        for n in range(20)
    ]
    library.apply_delta("set", Delta([(entry.key, entry) for entry in entries]))
    assert entry_page(library, "set", "7").values == {"md5": 1, "pdq": 2}
