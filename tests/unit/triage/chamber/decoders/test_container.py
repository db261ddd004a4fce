"""Archives: what comes out, what is passed over with a note, and what cannot get out of hand."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.chamber.decoders import container
from triage.chamber.limits import ArchiveLimits
from triage.chamber.parent import Chamber
from triage.domain.errors import Unreadable
from triage.domain.findings import NoteCode, ProcessingNote

Sources = Callable[..., Any]
COMPRESSIONS = ["w", "w:gz", "w:bz2", "w:xz"]


class Basket:
    """A sink that keeps everything and insists on the order of calls."""

    def __init__(self) -> None:
        self.members: list[tuple[bytes, bytes, list[NoteCode]]] = []
        self.open: tuple[bytes, bytearray] | None = None

    def begin(self, name: bytes, size: int, mtime: int | None) -> None:
        assert self.open is None
        assert size >= 0
        assert mtime is None or mtime >= 0
        self.open = (name, bytearray())

    def data(self, piece: bytes) -> None:
        assert self.open is not None
        assert 0 < len(piece) <= 1 << 20
        self.open[1].extend(piece)

    def end(self, notes: list[ProcessingNote]) -> None:
        assert self.open is not None
        name, content = self.open
        self.members.append((name, bytes(content), [note.code for note in notes]))
        self.open = None


def expand(data: bytes, **limits: int) -> tuple[Basket, list[tuple[NoteCode, str]]]:
    basket = Basket()
    file: Any = io.BufferedReader(io.BytesIO(data))
    notes = container.expand(file, len(data), ArchiveLimits(**limits), basket)
    assert basket.open is None
    return basket, [(note.code, note.detail) for note in notes]


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def tarred(*members: tuple[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a parameter
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


TWO = (("a/one.bin", b"first" * 1000), ("../two", b""))
OUT: list[tuple[bytes, bytes, list[NoteCode]]] = [(b"a/one.bin", b"first" * 1000, []), (b"../two", b"", [])]


class TestZip:
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    def test_members_come_out_whole(self, method: int) -> None:
        """Names as they are, also one that climbs out: nobody here writes to a path."""
        basket, notes = expand(zipped(*TWO, method=method))
        assert (basket.members, notes) == (OUT, [])

    def test_something_before_the_archive_does_no_harm(self) -> None:
        """A self-extracting archive, or one glued behind a picture."""
        basket, notes = expand(b"PK\x03\x04 not really" + bytes(999) + zipped(*TWO))
        assert (basket.members, notes) == (OUT, [])

    def test_bad_utf_8_in_one_name_costs_nothing(self) -> None:
        """The standard reader gives up the whole archive."""
        data = zipped(("ä.jpg", b"x"), ("b", b"y")).replace("ä".encode(), b"\xff\xfe")
        basket, notes = expand(data)
        assert ([name for name, _, _ in basket.members], notes) == ([b"\xff\xfe.jpg", b"b"], [])

    def test_folders_and_links_are_passed_over(self) -> None:
        """A folder holds nothing; a link is noted."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.mkdir("folder")
            link = zipfile.ZipInfo("link")
            link.create_system = 3
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        assert expand(file.getvalue())[1] == [(NoteCode.LINK_NOT_FOLLOWED, "")]

    def test_encrypted_members_are_noted(self) -> None:
        """How many, not which."""
        data = bytearray(zipped(("a", b"x"), ("b", b"y")))
        at = -1
        while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
            data[at + 8] |= 1
        basket, notes = expand(bytes(data))
        assert (basket.members, notes) == ([], [(NoteCode.ARCHIVE_ENCRYPTED, "x2")])

    def test_an_unknown_method_is_the_members_own_trouble(self) -> None:
        """The rest comes out."""
        data = bytearray(zipped(*TWO))
        first = data.find(b"PK\x01\x02")
        data[first + 10] = 97
        basket, _ = expand(bytes(data))
        assert [notes for _, _, notes in basket.members] == [[NoteCode.MEMBER_UNREADABLE], []]

    def test_a_wrong_checksum_is_noted_with_the_member(self) -> None:
        """Its bytes are there all the same."""
        basket, _ = expand(zipped(("a", b"hello"), method=zipfile.ZIP_STORED).replace(b"hello", b"hallo"))
        assert basket.members == [(b"a", b"hallo", [NoteCode.MEMBER_UNREADABLE])]

    def test_members_that_overlap_are_not_unpacked_twice(self) -> None:
        """A bomb whose entries all point at one kernel yields the kernel once."""
        data = zipped(("a", bytes(100_000)))
        end = data.find(b"PK\x05\x06")
        directory = data.find(b"PK\x01\x02")
        entry = data[directory:end]
        tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 50, 50, len(entry) * 50, directory, 0)
        basket, notes = expand(data[:directory] + entry * 50 + tail)
        assert (len(basket.members), notes) == (1, [(NoteCode.MEMBER_UNREADABLE, "overlap x49")])

    def test_a_cut_archive_is_noted(self) -> None:
        """Without its directory a ZIP is unreadable; at no length does it raise."""
        data = zipped(*TWO)
        for length in range(4, len(data), 7):
            _, notes = expand(data[:length])
            assert [code for code, _ in notes] == [NoteCode.ARCHIVE_UNREADABLE]

    def test_a_directory_that_promises_more_is_noted(self) -> None:
        """Entries lost to damage do not vanish in silence."""
        data = bytearray(zipped(("a", b"x"), ("b", b"y"), ("c", b"z")))
        second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
        data[second] = 0
        basket, notes = expand(bytes(data))
        assert len(basket.members) == 1
        assert [code for code, _ in notes] == [NoteCode.ARCHIVE_UNREADABLE]

    @pytest.mark.parametrize("length", [0, 2])
    def test_a_directory_of_no_length_is_noted(self, length: int) -> None:
        """Or an archive of many pictures would be an empty one, without a word."""
        data = bytearray(zipped(("a", b"content")))
        struct.pack_into("<I", data, data.rfind(b"PK\x05\x06") + 12, length)
        basket, notes = expand(bytes(data))
        assert (basket.members, notes) == ([], [(NoteCode.ARCHIVE_UNREADABLE, "directory is damaged")])

    def test_zip64_sizes_are_read(self) -> None:
        """As written for members of unknown size."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
            member.write(b"hello")
        assert expand(file.getvalue())[0].members == [(b"a", b"hello", [])]

    @given(
        members=st.lists(st.tuples(st.text(min_size=1, max_size=20), st.binary(max_size=2000)), max_size=5),
        method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    )
    def test_what_the_standard_library_writes_comes_out(self, members: list[tuple[str, bytes]], method: int) -> None:
        """Any names, any contents."""
        named = [(f"{place}{name}".replace("\0", "_"), content) for place, (name, content) in enumerate(members)]
        named = [(name, content) for name, content in named if not name.endswith(("/", "\\"))]
        try:
            data = zipped(*named, method=method)
        except UnicodeEncodeError:
            return  # a lone surrogate is no name that zipfile writes
        basket, notes = expand(data)
        assert [(content, broken) for _, content, broken in basket.members] == [(c, []) for _, c in named]
        assert notes == []

    @given(st.data())
    def test_any_damage_is_noted_or_harmless(self, data: st.DataObject) -> None:
        """One byte changed anywhere: never an exception."""
        archive = bytearray(zipped(*TWO))
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
        expand(bytes(archive))


class TestTar:
    @pytest.mark.parametrize("mode", COMPRESSIONS)
    def test_members_come_out_whole(self, mode: str) -> None:
        """Bare and compressed."""
        basket, notes = expand(tarred(*TWO, mode=mode))
        assert (basket.members, notes) == (OUT, [])

    def test_names_of_any_bytes_survive(self) -> None:
        """No encoding is assumed."""
        basket, _ = expand(tarred(("\udcff\udcfeก", b"x")))
        assert basket.members[0][0] == b"\xff\xfe" + "ก".encode()

    def test_links_and_devices_are_noted(self) -> None:
        """Neither followed nor opened."""
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as archive:
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
                info = tarfile.TarInfo("x")
                info.type = kind
                info.linkname = "/etc/passwd"
                archive.addfile(info)
        basket, notes = expand(file.getvalue())
        assert basket.members == []
        assert notes == [(NoteCode.LINK_NOT_FOLLOWED, "x2"), (NoteCode.SPECIAL_FILE, "x2")]

    def test_a_cut_archive_yields_what_is_whole(self) -> None:
        """The member in which it ends is noted, and so is the archive."""
        basket, notes = expand(tarred(("a", b"x" * 600), ("b", b"y" * 6000))[:3000])
        assert basket.members[0] == (b"a", b"x" * 600, [])
        assert basket.members[1][2] == [NoteCode.MEMBER_UNREADABLE]
        assert [code for code, _ in notes] == [NoteCode.ARCHIVE_UNREADABLE]

    def test_a_damaged_header_does_not_hide_the_rest(self) -> None:
        """Tarfile would stop in silence."""
        data = bytearray(tarred(("a", b"x"), ("b", b"y"), ("c", b"z")))
        data[1024 + 150] ^= 1
        basket, notes = expand(bytes(data))
        assert [name for name, _, _ in basket.members] == [b"a", b"c"]
        assert notes[0] == (NoteCode.ARCHIVE_UNREADABLE, "damaged header x2")

    def test_a_compressed_file_that_is_no_tar_is_one_member(self) -> None:
        """A picture behind gzip is still a picture."""
        assert expand(gzip.compress(b"content"))[0].members == [(b"unpacked", b"content", [])]


class TestLimits:
    @pytest.mark.parametrize("make", [zipped, tarred])
    def test_too_many_members(self, make: Callable[..., bytes]) -> None:
        """The first ones come out, the rest is a note."""
        basket, notes = expand(make(*((f"m{i}", b"x") for i in range(9))), max_members=4)
        assert (len(basket.members), notes) == (4, [(NoteCode.ARCHIVE_TOO_MANY, "over 4")])

    @pytest.mark.parametrize("make", [zipped, tarred])
    def test_a_member_too_large_alone(self, make: Callable[..., bytes]) -> None:
        """It is cut off; the next comes out."""
        basket, notes = expand(make(("big", b"x" * 5000), ("small", b"y")), max_member_bytes=4000)
        assert [broken for _, _, broken in basket.members] == [[NoteCode.TOO_LARGE], []]
        assert notes == []

    @pytest.mark.parametrize("make", [zipped, tarred])
    def test_too_large_altogether(self, make: Callable[..., bytes]) -> None:
        """Nothing after the limit."""
        basket, notes = expand(make(*((f"m{i}", b"x" * 1000) for i in range(9))), max_total_bytes=3500)
        assert sum(len(content) for _, content, _ in basket.members) <= 3500
        assert [code for code, _ in notes] == [NoteCode.ARCHIVE_TOO_LARGE]

    @pytest.mark.parametrize("mode", ["zip", "w:gz", "w:bz2", "w:xz"])
    def test_a_bomb_is_stopped_by_its_ratio(self, mode: str) -> None:
        """Also when the caller would skip the member: what is unpacked counts, not what is kept."""
        zeros = ("zeros", bytes(40 << 20))
        data = zipped(zeros) if mode == "zip" else tarred(zeros, mode=mode)
        for extra in ({}, {"max_member_bytes": 1000}):
            basket, notes = expand(data, **extra)
            assert sum(len(content) for _, content, _ in basket.members) <= 17 << 20
            found = [code for code, _ in notes] + basket.members[0][2]
            assert NoteCode.ARCHIVE_RATIO in found or NoteCode.TOO_LARGE in found


class TestThroughTheChamber:
    @pytest.mark.parametrize("data", [zipped(*TWO), *(tarred(*TWO, mode=mode) for mode in COMPRESSIONS)])
    def test_members_come_out_of_the_sealed_child(self, chamber: Chamber, source_of: Sources, data: bytes) -> None:
        """The same members, and the child lives on."""
        expansion = chamber.expand(source_of(data), ArchiveLimits())
        found = [(member.name, b"".join(member.chunks), [note.code for note in member.notes]) for member in expansion]
        assert found == OUT
        assert expansion.notes == ()

    def test_unread_content_is_passed_over(self, chamber: Chamber, source_of: Sources) -> None:
        """The caller may look at names alone."""
        expansion = chamber.expand(source_of(zipped(*TWO)), ArchiveLimits())
        assert [member.name for member in expansion] == [b"a/one.bin", b"../two"]

    def test_leaving_early_costs_the_child_and_nothing_else(self, chamber: Chamber, source_of: Sources) -> None:
        """The next task is answered."""
        expansion = chamber.expand(source_of(zipped(*TWO)), ArchiveLimits())
        next(expansion)
        assert chamber.examine(source_of(b"words")).notes[0].code is NoteCode.UNSUPPORTED_TYPE
        assert list(expansion) == []
        assert [note.detail for note in expansion.notes] == ["left in the middle"]

    def test_a_source_that_fails_in_the_middle_is_noted_on_both(self, chamber: Chamber, source_of: Sources) -> None:
        """The member is not whole, the archive not complete."""

        def refuse(reads: int) -> None:
            if reads > 5:
                raise Unreadable("source-changed", "gone")

        random = bytes(i * 7919 % 251 for i in range(2 << 20))
        data = zipped(("a", random), ("b", b"y"), method=zipfile.ZIP_STORED)
        expansion = chamber.expand(source_of(data, refuse), ArchiveLimits())
        found = [(member.name, b"".join(member.chunks), member.notes) for member in expansion]
        noted = (ProcessingNote(NoteCode.SOURCE_CHANGED),)
        assert [(name, notes) for name, _, notes in found] == [(b"a", noted)]
        assert expansion.notes == noted
