"""Bad hash-set files: a coded error or a counted reject, the release before stays in force, nothing half is visible.

| what is bad | where it is a test |
|---|---|
| truncated | `test_vics`, `test_encase`, `test_sqlite_guard`, `test_sql_statements` |
| mixed encodings, byte order marks | `test_lines`, `test_vics`, `test_sql_statements`, every format's contract |
| duplicate ids | `test_importing` |
| wrong lengths, no hexadecimal digits | `test_plain_list`, `test_csv_columns`, `test_vics`, `test_nsrl`, `test_kdb` |
| contradictory categories in one file | here |
| one line of a gigabyte | here, in a process that may not grow; `test_vics`, `test_sql_statements` |
| JSON nested without end | `test_vics` |
| anything at all | `tests/property/test_hash_set_formats_property.py` |
| a changed or half-copied segment | `test_exact`, `test_hamming`, `test_releases` |
| a release whose seal fails | here when it is made, `test_library` when it is asked |
| killed in the middle | here, at every step that touches the disk |
| a full disk, a file that changes meanwhile | `test_importing` |
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hashsets import placing, volumes
from hashsets.errors import Damaged
from hashsets.library import Library
from hashsets.vocabulary import Digest, DigestAlgorithm, SetKind

GIGABYTE = 1 << 30
ROOM = 100 << 20
BEYOND = 200 << 20

ONE = hashlib.md5(b"one").hexdigest()
TWO = hashlib.md5(b"two").hexdigest()
NSRL = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"'
HASHKEEPER = '"file_id","hashset_id","hash"'

IMPORTING = """
import resource, sys
from pathlib import Path
from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.vocabulary import SetKind
root, path, name = sys.argv[1:4]
import hashsets.formats.json_guard as guard, numpy, io
guard.GuardedJson(io.BytesIO(b"{}")).read()  # compiled and loaded before the limit
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[4]),) * 2)
try:
    library = Library.open(Path(root))
    counts = library.import_file(Path(path), name="set", kind=SetKind.KNOWN, format=name).release.counts
    print(counts.entries, counts.rejects)
except HashSetError as error:
    print(error.code)
"""


def with_a_hole(path: Path, before: str, size: int, after: str) -> Path:
    """A file with zero bytes in the middle, which take no room on the disk."""
    with path.open("wb") as file:
        file.write(before.encode())
        file.seek(size, 1)
        file.write(after.encode())
    return path


@pytest.mark.parametrize(
    ("name", "before", "hole", "after", "answer"),
    [
        ("list", f"{ONE}\n", GIGABYTE, f"\n{TWO}\n", "2 {'line-too-long': 1}"),
        ("csv", f"md5,tags\n{ONE},", BEYOND, f"\n{TWO},x\n", "1 {'line-too-long': 1}"),
        (
            "nsrl-text",
            f'{NSRL}\n"","{ONE}","0","',
            BEYOND,
            f'"\n"","{TWO}","0","n",1,1,"1",""\n',
            "1 {'line-too-long': 1}",
        ),
        ("hashkeeper", f"{HASHKEEPER}\n1,1,{ONE}\n", BEYOND, f"\n2,1,{TWO}\n", "2 {'line-too-long': 1}"),
        ("vics", f'{{"value":[{{"MD5":"{ONE}","Tags":"', BEYOND, '"}]}', "json-broken"),
    ],
)
def test_one_line_of_a_gigabyte_is_met_in_bounded_memory(
    name: str, before: str, hole: int, after: str, answer: str, tmp_path: Path
) -> None:
    """A whole import in a process that may not grow by half as much as the line is long."""
    path = with_a_hole(tmp_path / "set", before, hole, after)
    child = subprocess.run(
        [sys.executable, "-c", IMPORTING, str(tmp_path / "library"), str(path), name, str(ROOM)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.stdout.strip(), child.returncode) == (answer, 0), child.stderr


def test_one_record_with_two_categories_keeps_both(tmp_path: Path) -> None:
    """One id and one digest, two categories: two entries, both answer, and the contradiction is counted."""
    path = tmp_path / "set.json"
    records = [{"MediaID": 7, "MD5": ONE, "Category": category} for category in (1, 5, 1)]
    path.write_text(json.dumps({"@odata.context": "x/DataModels/2.0.xml/US/$metadata#Media", "value": records}))
    library = Library.open(tmp_path / "library")
    counts = library.import_file(path, name="set", kind=SetKind.KNOWN).release.counts
    assert (counts.entries, counts.rejects) == (2, {"key-repeated": 1, "duplicate-entry": 1})
    found = library.lookup_digests([Digest(DigestAlgorithm.MD5, bytes.fromhex(ONE))])
    assert [(candidate.entry_key, candidate.opinion.category) for candidate in found] == [
        ("7", "us:1"),
        ("7#2", "us:5"),
    ]


def test_a_release_whose_seal_fails_never_comes_into_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gives back other bytes than it took: found when the release is opened, before it is in place."""
    path = tmp_path / "list.txt"
    path.write_text(f"{ONE}\n")
    library = Library.open(tmp_path / "library")
    library.import_file(path, name="set", kind=SetKind.KNOWN)
    before = library.version
    path.write_text(f"{ONE}\n{TWO}\n")
    wrong = {
        name: (size, "0" * 64) for name, (size, _) in volumes.sealed_files(library.release_folder(before)).items()
    }
    monkeypatch.setattr(placing, "sealed_files", lambda _: wrong)
    with pytest.raises(Damaged):
        library.import_file(path, name="set", kind=SetKind.KNOWN)
    reader = Library.open(tmp_path / "library")
    assert (library.version, reader.version, len(reader.releases())) == (before, before, 1)
    assert [folder.name for folder in (tmp_path / "library" / "releases").iterdir()] == [before]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from hashsets.library import Library
from hashsets.vocabulary import SetKind
root, path = Path(sys.argv[1]), Path(sys.argv[2])
TOUCHING = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect", "shutil.rmtree"}
met = 0
fatal = 1 << 60

def hook(event, arguments):
    global met
    if event in TOUCHING and fatal < 1 << 60:
        met += 1
        if met == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

Library.open(root.with_name("warm")).import_file(path, name="set", kind=SetKind.KNOWN)  # kernels are loaded
sys.addaudithook(hook)
step = 0
while True:
    step += 1
    child = os.fork()
    if not child:
        fatal = step
        Library.open(root, now=lambda: datetime(2026, 1, 1 + step // 1000, 1, step // 60 % 60, step % 60, tzinfo=UTC)
            ).import_file(path, name="set", kind=SetKind.KNOWN)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(step)
        break
    reader = Library.open(root)
    for release in reader.releases():
        print(release.release_id, release.release_id in reader.version.split("+"), release.counts.entries)
"""


def test_an_import_killed_at_any_step_is_whole_or_absent(tmp_path: Path) -> None:
    """At each opening, renaming and removing of a file in turn: what is listed is whole, and one is in force."""
    path = tmp_path / "list.txt"
    path.write_text(f"{ONE}\n")
    Library.open(tmp_path / "library", now=lambda: datetime(2026, 1, 1, tzinfo=UTC)).import_file(
        path, name="set", kind=SetKind.KNOWN
    )
    path.write_text(f"{ONE}\n{TWO}\npdq {'0f' * 32}\n")
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "library"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    *seen, steps = child.stdout.splitlines()
    assert int(steps) > 20
    assert {line.split()[2] for line in seen} <= {"1", "3"}
    library = Library.open(tmp_path / "library")
    assert len(library.version.split("+")) == 1
    library.verify()
