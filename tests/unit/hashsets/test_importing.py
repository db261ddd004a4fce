"""An import is whole or absent, whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from hashsets.errors import HashSetError
from hashsets.library import ImportReport, Library
from hashsets.terms import Sharing, Terms
from hashsets.vocabulary import SetKind
from tests.unit.hashsets.formats.sample_databases import minimal

WriteList = Callable[..., Path]
KNOWN = SetKind.KNOWN
TERMS = Terms("a made-up licence", "this test", Sharing.SOURCE)
SAMPLE = "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Baseline\n"


def digest(number: int) -> str:
    return hashlib.md5(str(number).encode()).hexdigest()


def folders(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "library" / "releases").iterdir())


def test_the_report_and_the_manifest_count_everything(library: Library, tmp_path: Path) -> None:
    """Categories, algorithms, opaque values, rejects with their places, the input's digest, source and terms."""
    path = tmp_path / "set.csv"
    rows = [f"{digest(1)};;QUJD;1;;;Yes", f"{digest(2)};;;2;;;No", "bad;;;3;;;", f"{digest(4)};;QUJD;4;;;Yes"]
    path.write_text(SAMPLE + "\n".join(rows) + "\n")
    report = library.import_file(path, name="set", kind=KNOWN, source="a synthetic source", terms=TERMS)
    counts = report.release.counts
    assert (counts.entries, counts.categories) == (3, {"baseline": 2, "": 1})
    assert (counts.digests, counts.fingerprints, counts.opaque) == ({"md5": 3}, {}, {"photodna": 2})
    assert (counts.rejects, report.first_rejects, report.positions) == ({"not-hex": 1}, ((4, "not-hex"),), "line")
    assert report.release.format == "csv"
    assert report.release.input_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (report.release.source, report.release.terms) == ("a synthetic source", TERMS)
    assert Library.open(tmp_path / "library").releases() == [report.release]


def test_repeats_are_counted_once_and_used_keys_are_continued(library: Library, tmp_path: Path) -> None:
    """The same record twice is one entry; another record under a used key keeps its own place and opinion."""
    path = tmp_path / "set.json"
    first, second = {"MediaID": 7, "MD5": digest(1), "Category": 1}, {"MediaID": 7, "MD5": digest(2), "Category": 2}
    path.write_text(json.dumps({"value": [first, first, second, second, {"MediaID": "7#2", "MD5": digest(3)}]}))
    counts = library.import_file(path, name="set", kind=KNOWN).release.counts
    assert (counts.entries, counts.rejects) == (3, {"duplicate-entry": 2, "key-repeated": 2})


def test_a_list_with_one_value_twice_gives_one_entry(library: Library, tmp_path: Path) -> None:
    """Across batches too."""
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{digest(number % 3000)}\n" for number in range(9000)))
    counts = library.import_file(path, name="set", kind=KNOWN).release.counts
    assert (counts.entries, counts.rejects) == (3000, {"duplicate-entry": 6000})


def test_progress_is_told_up_to_the_end(library: Library, tmp_path: Path) -> None:
    """In bytes of the input."""
    path = tmp_path / "list.txt"
    path.write_text(f"{digest(1)}\n" + "# a remark\n" * 300_000)
    told: list[tuple[int, int]] = []
    library.import_file(path, name="set", kind=KNOWN, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert len(told) > 2
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "nothing-to-read"),
        ("a letter\n", "format-unknown"),
        ("d41d8cd98f00b204e9800998ecf8427e\n", "no-entries"),
        ('{"value":[]}', "no-entries"),
        (f'{{"value":[{{"MD5":"{digest(1)}"}},', "json-broken"),
    ],
)
def test_a_file_that_gives_nothing_leaves_the_release_in_force(
    content: str, code: str, library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """An empty, foreign or broken file never replaces a set."""
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    before, listed = library.version, folders(tmp_path)
    bad = tmp_path / "bad"
    bad.write_text(content)
    with pytest.raises(HashSetError) as caught:
        library.import_file(bad, name="set", kind=KNOWN)
    assert caught.value.code == code
    assert (library.version, folders(tmp_path)) == (before, listed)
    assert Library.open(tmp_path / "library").version == before


@pytest.mark.parametrize("path", ["absent", "."])
def test_a_file_that_cannot_be_opened_is_a_coded_error(path: str, library: Library, tmp_path: Path) -> None:
    """Absent, or a folder; the sentence does not carry the path."""
    with pytest.raises(HashSetError) as caught:
        library.import_file(tmp_path / path, name="set", kind=KNOWN)
    assert caught.value.code == "file-unreadable"
    assert str(tmp_path) not in caught.value.sentence


def test_a_file_that_changes_meanwhile_is_refused(library: Library, tmp_path: Path) -> None:
    """The manifest's digest must be that of one state of the file; one that grows for ever is not waited for."""
    path = tmp_path / "list.txt"
    path.write_text(f"{digest(1)}\n" + "# a remark\n" * 200_000)

    def meddle(done: int, total: int) -> None:
        del done, total
        with path.open("a") as file:
            file.write(f"{digest(2)}\n")

    with pytest.raises(HashSetError) as caught:
        library.import_file(path, name="set", kind=KNOWN, progress=meddle)
    assert caught.value.code == "file-changed"
    assert library.releases() == []


def test_a_database_is_digested_whole_although_it_is_read_here_and_there(library: Library, tmp_path: Path) -> None:
    """Its reader goes by the path; the digest is still that of every byte, and progress goes to the end."""
    path = minimal(tmp_path / "rds.db", [str(number) for number in range(500)], packages=3)
    told: list[tuple[int, int]] = []
    release = library.import_file(path, name="set", kind=KNOWN, progress=lambda *step: told.append(step)).release
    assert (release.format, release.counts.entries, release.counts.rejects) == ("nsrl", 500, {})
    assert release.counts.digests == {"md5": 500, "sha1": 500, "sha256": 500}
    assert release.input_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_a_database_that_is_replaced_meanwhile_is_refused(library: Library, tmp_path: Path) -> None:
    """The bytes that were digested must be those that were read."""
    path = minimal(tmp_path / "rds.db", ["one"])
    other = minimal(tmp_path / "other.db", ["two"])
    with pytest.raises(HashSetError) as caught:
        library.import_file(path, name="set", kind=KNOWN, progress=lambda *_: shutil.copy(other, path))
    assert caught.value.code == "file-changed"
    assert library.releases() == []


@pytest.mark.parametrize("name", ["", " set", "a\nb", "x" * 101])
def test_a_name_that_people_cannot_read_is_refused(name: str, library: Library, write_list: WriteList) -> None:
    """Set names stand on pages and in provenance."""
    with pytest.raises(HashSetError) as caught:
        library.import_file(write_list("one"), name=name, kind=KNOWN)
    assert caught.value.code == "set-name-unusable"


@pytest.mark.parametrize("name", ["ชุดทดสอบ", "../../etc", "A/B", "con\u00e9"])
def test_any_readable_name_makes_a_harmless_folder(
    name: str, library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """The folder's name is made of letters, digits, dashes and dots."""
    release = library.import_file(write_list("one"), name=name, kind=KNOWN).release
    assert folders(tmp_path) == [release.release_id]
    assert set(release.release_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert release.set_name == name


def test_a_disk_that_takes_no_more_leaves_the_release_in_force(
    library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """A coded error, no half release, and room again once there is room."""
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    before, listed = library.version, folders(tmp_path)
    long = tmp_path / "long.txt"
    long.write_text("".join(f"{digest(number)}\n" for number in range(20_000)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
    try:
        with pytest.raises(HashSetError) as caught:
            library.import_file(long, name="set", kind=KNOWN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "release-not-written"
    assert (library.version, folders(tmp_path)) == (before, listed)
    assert library.import_file(long, name="set", kind=KNOWN).release.counts.entries == 20_000


def _import_and_die(root: Path, path: Path) -> None:
    def die(done: int, total: int) -> None:
        if done > total // 2:
            os.kill(os.getpid(), signal.SIGKILL)

    Library.open(root).import_file(path, name="set", kind=KNOWN, progress=die)


def test_a_killed_import_leaves_nothing_that_anyone_sees(
    library: Library, write_list: WriteList, tmp_path: Path
) -> None:
    """Only a temporary folder, which the next import sweeps; the lock went with the process."""
    library.import_file(write_list("one"), name="set", kind=KNOWN)
    before = library.version
    long = tmp_path / "long.txt"
    long.write_text("".join(f"{digest(number)}\n" for number in range(100_000)))
    child = multiprocessing.get_context("spawn").Process(target=_import_and_die, args=(tmp_path / "library", long))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert len(folders(tmp_path)) == 2
    reader = Library.open(tmp_path / "library")
    assert (reader.version, len(reader.releases())) == (before, 1)
    reader.import_file(write_list("two"), name="set", kind=KNOWN)
    assert [name.startswith(".") for name in folders(tmp_path)] == [False, False]


def test_imports_stay_in_bounded_memory_and_report_the_first_rejects_only(library: Library, tmp_path: Path) -> None:
    """All rejects are counted; a thousand are kept with their places."""
    path = tmp_path / "list.txt"
    path.write_text(f"{digest(0)}\n" + "zz\n" * 5000)
    report: ImportReport = library.import_file(path, name="set", kind=KNOWN)
    assert report.release.counts.rejects == {"not-hex": 5000}
    assert len(report.first_rejects) == 1000
