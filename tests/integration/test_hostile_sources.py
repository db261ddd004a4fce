"""Whatever a seized disk holds or does meanwhile: each trouble is a coded note, and everything else is received."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.seizures import pictures
from tests.integration.unprivileged import drop_file_privileges
from triage.services import receiving
from triage.services.walking import SourceFile, SourceFolder, SourceProblem, walk

MISSING = "errno 2"
FORBIDDEN = "errno 13"


def source_notes(deployment: Deployment) -> set[tuple[bytes, str, str]]:
    return set(deployment.rows("SELECT path, code, detail FROM source_note"))


def paths(deployment: Deployment) -> Counter[bytes]:
    return Counter(path for (path,) in deployment.rows("SELECT path FROM occurrence WHERE parent_item_id = 0"))


def digests(deployment: Deployment) -> dict[bytes, set[bytes]]:
    """Path → digests of what was found there."""
    found: dict[bytes, set[bytes]] = {}
    rows = deployment.rows("SELECT path, sha256 FROM occurrence JOIN item ON item.id = item_id")
    for path, digest in rows:
        found.setdefault(path, set()).add(digest)
    return found


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class TestNames:
    """A name is bytes; nothing depends on how it reads."""

    def test_every_name_is_kept_byte_for_byte(self, deployment: Deployment, tmp_path: Path) -> None:
        """Thai, invalid UTF-8, control characters, a leading dash, one that looks like markup, the longest."""
        names = [
            "รูปภาพ/ทดสอบ.jpg".encode(),
            b"caf\xe9.jpg",
            b"\xff\xfe\x80",
            b"line\nbreak\ttab\x1b[31m.txt",
            b"--help",
            b"[bold]no markup[/x].txt",
            b" leading and trailing ",
            b"n" * 255,
        ]
        for number, name in enumerate(names):
            path = tmp_path / "source" / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"%d" % number)
        receipt = deployment.submit(tmp_path / "source", "E")
        assert (receipt["files"], receipt["problems"]) == (len(names), 0)
        assert digests(deployment) == {name: {sha(b"%d" % number)} for number, name in enumerate(names)}
        deployment.work()
        assert deployment.done("status", "S-1").out
        deployment.assert_audit_is_clean()

    def test_a_source_may_itself_have_a_name_that_is_no_text(self, deployment: Deployment, tmp_path: Path) -> None:
        """As given on the command line."""
        source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/disk-\xe9"))
        source.mkdir()
        (source / "a").write_bytes(b"a")
        assert deployment.submit(source, "E")["files"] == 1


class TestThingsThatAreNoFiles:
    """Only regular files are read; everything else is noted, never followed, never opened."""

    def test_links_pipes_and_sockets_are_noted(self, deployment: Deployment, tmp_path: Path) -> None:
        """Loops among them; nothing hangs."""
        source = tmp_path / "source"
        (source / "folder").mkdir(parents=True)
        (source / "folder" / "file").write_bytes(b"file")
        (source / "folder" / "up").symlink_to(source)
        (source / "loop").symlink_to("loop")
        (source / "dangling").symlink_to("nowhere")
        (source / "to-file").symlink_to("folder/file")
        os.mkfifo(source / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(source / "socket"))
            receipt = deployment.submit(source, "E")
        assert (receipt["files"], receipt["problems"]) == (1, 6)
        assert {(path, code) for path, code, _ in source_notes(deployment)} == {
            (b"folder/up", "link-not-followed"),
            (b"loop", "link-not-followed"),
            (b"dangling", "link-not-followed"),
            (b"to-file", "link-not-followed"),
            (b"pipe", "special-file"),
            (b"socket", "special-file"),
        }
        assert deployment.submit(source, "E")["items_new"] == 0
        assert len(source_notes(deployment)) == 6

    def test_nothing_at_the_source_is_not_found(self, deployment: Deployment, tmp_path: Path) -> None:
        """Also where a link points to itself."""
        (tmp_path / "loop").symlink_to("loop")
        for path in (tmp_path / "nothing", tmp_path / "loop"):
            ran = deployment.run("submit", path, "--case", "C", "--exhibit", "E", "--basis", "B")
            assert (ran.code, "source-missing" in ran.err) == (4, True)


class TestShapes:
    """Empty, many, deep."""

    def test_an_empty_folder_is_a_submission_without_items(self, deployment: Deployment, tmp_path: Path) -> None:
        """It was received, and it is referred: somebody should wonder."""
        (tmp_path / "source").mkdir()
        deployment.submit(tmp_path / "source", "E")
        deployment.work()
        status = deployment.status()
        assert (status["state"], status["items"], status["occurrences"]) == ("received", 0, 0)
        deployment.assert_audit_is_clean()

    def test_empty_files_are_one_item_that_matches_nothing(self, deployment: Deployment, tmp_path: Path) -> None:
        """Though its digests stand in many hash sets."""
        (tmp_path / "source").mkdir()
        for number in range(3):
            (tmp_path / "source" / f"{number}.jpg").touch()
        listed = tmp_path / "list.txt"
        listed.write_text(f"{hashlib.md5(b'').hexdigest()}\n{hashlib.md5(b'x').hexdigest()}\n")
        deployment.done("hashsets", "import", listed, "--name", "n", "--kind", "known")
        deployment.submit(tmp_path / "source", "E")
        deployment.work()
        status = deployment.status()
        assert (status["outcomes"], status["occurrences"]) == ({"undecodable": 1}, 3)
        assert status["processing_notes"] == {"empty": 1}

    def test_five_thousand_tiny_files(self, deployment: Deployment, tmp_path: Path) -> None:
        """Each once, in one run and in the next."""
        for number in range(5_000):
            folder = tmp_path / "source" / f"{number % 50:02d}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.txt").write_bytes(b"%d" % number)
        receipt = deployment.submit(tmp_path / "source", "E")
        assert (receipt["files"], receipt["items_new"], receipt["problems"]) == (5_000, 5_000, 0)
        assert deployment.submit(tmp_path / "source", "E")["already_there"] == 5_000
        deployment.work()
        status = deployment.status()
        assert (status["outcomes"], status["occurrences"]) == ({"undecodable": 5_000}, 5_000)

    @pytest.mark.parametrize("levels", [200, 1_500])
    def test_deep_folders_are_walked_to_the_bottom(self, deployment: Deployment, tmp_path: Path, levels: int) -> None:
        """Deeper than the interpreter's own stack."""
        source = tmp_path / "source"
        source.mkdir()
        bottom = str(source)
        try:
            for _ in range(levels):
                bottom += "/d"
                os.mkdir(bottom)  # noqa: PTH102 - a Path would be slow here
            Path(bottom, "file").write_bytes(b"at the bottom")
            (source / "e").write_bytes(b"after it")
            receipt = deployment.submit(source, "E")
            assert (receipt["files"], receipt["problems"]) == (2, 0)
            assert paths(deployment) == {b"d/" * levels + b"file": 1, b"e": 1}
        finally:
            subprocess.run(["rm", "-rf", source], check=True)  # shutil cannot go so deep

    def test_what_lies_beyond_the_longest_path_is_noted(self, deployment: Deployment, tmp_path: Path) -> None:
        """The system itself cannot name it; the rest is received."""
        source = tmp_path / "source"
        source.mkdir()
        (source / "z").write_bytes(b"z")
        here = os.open(source, os.O_RDONLY)
        try:
            for _ in range(25):
                os.mkdir("n" * 200, dir_fd=here)
                there = os.open("n" * 200, os.O_RDONLY, dir_fd=here)
                os.close(here)
                here = there
            receipt = deployment.submit(source, "E")
        finally:
            os.close(here)
            subprocess.run(["rm", "-rf", source], check=True)
        assert (receipt["files"], receipt["problems"]) == (1, 1)
        assert {(code, detail) for _, code, detail in source_notes(deployment)} == {("source-unreadable", "errno 36")}


class TestUnreadable:
    """What cannot be read is noted with the system's number, and read when it can be."""

    def test_a_folder_and_a_file_without_permission(self, deployment: Deployment, tmp_path: Path) -> None:
        """The rest is received; once permission is given, a second run takes them in and the notes go."""
        source = tmp_path / "source"
        (source / "locked").mkdir(parents=True)
        for name in ("locked/inside", "open", "secret"):
            (source / name).write_bytes(name.encode())
        (source / "secret").chmod(0)
        (source / "locked").chmod(0)
        words = ("submit", source, "--case", "C", "--exhibit", "E", "--basis", "B")
        ran = finish(deployment.start(*words, preexec_fn=drop_file_privileges))
        assert ran.code == 0, ran.err
        assert source_notes(deployment) == {
            (b"locked", "source-unreadable", FORBIDDEN),
            (b"secret", "source-unreadable", FORBIDDEN),
        }
        assert paths(deployment) == {b"open": 1}
        (source / "secret").chmod(0o600)
        (source / "locked").chmod(0o700)
        deployment.done(*words)
        assert paths(deployment) == {b"open": 1, b"secret": 1, b"locked/inside": 1}
        assert source_notes(deployment) == set()

    def test_a_source_behind_a_closed_door_is_a_sentence(self, deployment: Deployment, tmp_path: Path) -> None:
        """Not a traceback with the path in it."""
        (tmp_path / "closed-door" / "source").mkdir(parents=True)
        (tmp_path / "closed-door").chmod(0)
        words = ("submit", tmp_path / "closed-door" / "source", "--case", "C", "--exhibit", "E", "--basis", "B")
        ran = finish(deployment.start(*words, preexec_fn=drop_file_privileges))
        (tmp_path / "closed-door").chmod(0o700)
        assert (ran.code, "source-unreadable" in ran.err, "Traceback" in ran.err) == (6, True, False)
        assert "closed-door" not in ran.err

    def test_a_folder_that_goes_away_after_it_was_listed(
        self, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And a file: between listing and looking, and between looking and reading."""
        source = tmp_path / "source"
        (source / "b").mkdir(parents=True)
        for name in ("a", "b/inside", "c", "d", "e"):
            (source / name).write_bytes(name.encode())

        def meanwhile(path: bytes) -> None:
            if path == b"a":
                (source / "b" / "inside").unlink()
                (source / "b").rmdir()
                (source / "c").unlink()
            if path == b"d":
                (source / "d").unlink()

        monkeypatch.setattr(receiving, "walk", _walking(meanwhile))
        receipt = deployment.submit(source, "E")
        assert (receipt["files"], receipt["problems"]) == (3, 3)
        assert source_notes(deployment) == {(name, "source-unreadable", MISSING) for name in (b"b", b"c", b"d")}
        assert paths(deployment) == {b"a": 1, b"e": 1}


class TestChanging:
    """A source that does not hold still: what was read is what is kept, and the change is noted."""

    @pytest.mark.parametrize("size", [1 << 16, 12 << 20])
    def test_a_file_that_grows_for_ever_is_read_once_and_noted(
        self, deployment: Deployment, tmp_path: Path, size: int
    ) -> None:
        """Small files are held in memory, large ones stream to the vault; when it is quiet it is read again."""
        (tmp_path / "source").mkdir()
        path = tmp_path / "source" / "growing"
        path.write_bytes(bytes(size))
        quiet = threading.Event()
        grown = threading.Event()

        def grow() -> None:
            with path.open("ab") as file:
                while not quiet.is_set():
                    file.write(b"more" * 1_000)
                    file.flush()
                    grown.set()

        grower = threading.Thread(target=grow)
        grower.start()
        try:
            grown.wait(timeout=30)
            receipt = deployment.submit(tmp_path / "source", "E")
        finally:
            quiet.set()
            grower.join()
        assert (receipt["files"], receipt["items_new"]) == (1, 1)
        assert {(path, code) for path, code, _ in source_notes(deployment)} == {(b"growing", "source-changed")}
        deployment.assert_audit_is_clean()
        assert deployment.submit(tmp_path / "source", "E")["items_new"] == 1
        assert sha(path.read_bytes()) in digests(deployment)[b"growing"]
        assert len(digests(deployment)[b"growing"]) == 2
        assert source_notes(deployment) == set()

    def test_a_file_that_becomes_a_link_is_not_followed(
        self, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between looking and reading it is put in the place of something outside."""
        (tmp_path / "source").mkdir()
        (tmp_path / "outside").write_bytes(b"outside")
        for name in ("a", "b"):
            (tmp_path / "source" / name).write_bytes(name.encode())

        def meanwhile(path: bytes) -> None:
            if path == b"a":
                (tmp_path / "source" / "a").unlink()
                (tmp_path / "source" / "a").symlink_to(tmp_path / "outside")

        monkeypatch.setattr(receiving, "walk", _walking(meanwhile))
        assert deployment.submit(tmp_path / "source", "E")["problems"] == 1
        assert digests(deployment) == {b"b": {sha(b"b")}}


class TestTheLawfulBasis:
    """Nothing is received without one, and it does not change on the way."""

    @pytest.mark.parametrize(("words", "code"), [((), 2), (("--basis", ""), 3), (("--basis", "  \t"), 3)])
    def test_without_one_nothing_is_received(
        self, deployment: Deployment, tmp_path: Path, words: tuple[str, ...], code: int
    ) -> None:
        """Missing is wrong usage; blank is refused."""
        pictures(tmp_path / "source", 1)
        ran = deployment.run("submit", tmp_path / "source", "--case", "C", "--exhibit", "E", *words)
        assert ran.code == code
        assert code == 2 or "basis-missing" in ran.err
        assert deployment.rows("SELECT * FROM submission") == []

    def test_another_one_for_the_same_delivery_is_refused(self, deployment: Deployment, tmp_path: Path) -> None:
        """So is another way of keeping; the first stands."""
        pictures(tmp_path / "source", 1)
        words = ("submit", tmp_path / "source", "--case", "C", "--exhibit", "E")
        deployment.done(*words, "--basis", "Warrant 1")
        pictures(tmp_path / "source", 2)
        for changed in (("--basis", "Warrant 2"), ("--basis", "Warrant 1", "--in-place")):
            ran = deployment.run(*words, *changed)
            assert (ran.code, "delivery-differs" in ran.err) == (3, True)
        assert deployment.rows("SELECT basis, in_place FROM submission") == [("Warrant 1", 0)]
        assert paths(deployment) == {b"1.jpg": 1}


def _walking(
    meanwhile: Callable[[bytes], None],
) -> Callable[[bytes], Iterator[SourceFile | SourceFolder | SourceProblem]]:
    """The walk of a source in which something happens right after an entry was looked at."""

    def walked(source: bytes) -> Iterator[SourceFile | SourceFolder | SourceProblem]:
        for entry in walk(source):
            yield entry
            meanwhile(entry.path)

    return walked
