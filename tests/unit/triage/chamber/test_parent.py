"""The chamber from outside: what it yields, what a lost child costs, and that nobody is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from triage.chamber import process
from triage.chamber.limits import ArchiveLimits, ChamberLimits, ExamineLimits
from triage.chamber.parent import Chamber
from triage.chamber.sealing import FLOOR, LAYER_NAMES
from triage.domain.errors import Tampered, Unavailable, Unreadable
from triage.domain.findings import Examination, NoteCode, Subject

Encoder = Callable[..., bytes]
Sources = Callable[..., Any]

ROOT = Path(__file__).parents[4]


def child_of(chamber: Chamber) -> int:
    chamber.layers()
    assert chamber._child is not None
    return chamber._child.pid


def codes(found: Examination) -> list[NoteCode]:
    return [note.code for note in found.notes]


def gone(pid: int) -> bool:
    """No such process, or a dead one that only waits to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in {"Z", "X"}


def wait_until(condition: Callable[[], bool]) -> bool:
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.02)
    return False


class TestExamine:
    def test_one_look_yields_raster_and_fingerprints(
        self, chamber: Chamber, source_of: Sources, picture: Image.Image, encoded: Encoder
    ) -> None:
        """A sound JPEG: its sides, both PDQ profiles, pHash and dHash, no notes, and the tools that did it."""
        found = chamber.examine(source_of(encoded(picture, "JPEG")), name_extension="jpg")
        assert found.raster is not None
        assert (found.raster.format, found.raster.width, found.raster.height) == ("jpeg", 640, 480)
        assert found.raster.concentration in range(101)
        kinds = [(t.subject, t.fingerprint.algorithm, t.fingerprint.profile) for t in found.fingerprints]
        assert kinds == [
            (Subject.MAIN, "pdq", "pdq-ref512"),
            (Subject.MAIN, "pdq", "pdq-full"),
            (Subject.MAIN, "phash", "imagehash"),
            (Subject.MAIN, "dhash", "imagehash"),
        ]
        assert found.notes == ()
        assert "simplejpeg" in found.tool

    def test_the_empty_file_and_the_unknown_are_noted(self, chamber: Chamber, source_of: Sources) -> None:
        """Two different answers, and no raster."""
        assert codes(chamber.examine(source_of(b""))) == [NoteCode.EMPTY]
        assert codes(chamber.examine(source_of(b"just words"))) == [NoteCode.UNSUPPORTED_TYPE]

    def test_of_a_file_over_the_limit_the_first_bytes_are_read(self, source_of: Sources) -> None:
        """TOO_LARGE is decided by the size, and by not being a video: the child sees nothing of it."""
        source = source_of(b"\xff\xd8" + bytes(100))
        with Chamber(ChamberLimits(examine=ExamineLimits(max_bytes=50))) as small:
            assert codes(small.examine(source)) == [NoteCode.TOO_LARGE]
        assert source.reads == 1

    def test_a_strange_extension_does_no_harm(
        self, chamber: Chamber, source_of: Sources, picture: Image.Image, encoded: Encoder
    ) -> None:
        """Names come from the evidence: any text may stand where an extension should."""
        data = encoded(picture, "PNG")
        for extension in ("jpg", "é\ud800", "x" * 5000, 'a"b', "🖼"):
            assert codes(chamber.examine(source_of(data), name_extension=extension)) == [NoteCode.TYPE_DISAGREES]
        assert codes(chamber.examine(source_of(data), name_extension=".PNG")) == []


class TestLosses:
    """The child is lost by interfering from the source, so that the product needs no door for tests."""

    def test_a_killed_child_costs_one_item(
        self,
        chamber: Chamber,
        source_of: Sources,
        picture: Image.Image,
        encoded: Encoder,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The item in hand is noted, not tried again, and the log told; the next is examined by a fresh child."""
        data = encoded(picture, "JPEG")
        pid = child_of(chamber)
        victim = source_of(data, lambda _: os.kill(pid, signal.SIGKILL))
        found = chamber.examine(victim)
        assert found.raster is None
        assert [(note.code, note.detail) for note in found.notes] == [(NoteCode.CHAMBER_DIED, "signal 9")]
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert victim.reads == 1
        assert chamber.examine(source_of(data)).raster is not None
        assert child_of(chamber) != pid
        assert gone(pid)

    def test_a_child_that_died_idle_costs_nothing(
        self, chamber: Chamber, source_of: Sources, picture: Image.Image, encoded: Encoder
    ) -> None:
        """Found dead before a task, it is replaced first."""
        pid = child_of(chamber)
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: gone(pid))
        assert chamber.examine(source_of(encoded(picture, "JPEG"))).raster is not None

    def test_a_hanging_child_is_ended_by_the_wall_limit(self, source_of: Sources) -> None:
        """Even one that does not run at all."""
        with Chamber(ChamberLimits(wall_seconds=0.5)) as hasty:
            pid = child_of(hasty)
            found = hasty.examine(source_of(b"\xff\xd8" + bytes(100), lambda _: os.kill(pid, signal.SIGSTOP)))
            assert codes(found) == [NoteCode.TIME_LIMIT]
            assert gone(pid)

    def test_the_cpu_limit_is_a_time_limit(self, chamber: Chamber, source_of: Sources) -> None:
        """The kernel's signal for spent CPU time is told apart from a crash."""
        pid = child_of(chamber)
        found = chamber.examine(source_of(b"\xff\xd8" + bytes(100), lambda _: os.kill(pid, signal.SIGXCPU)))
        assert codes(found) == [NoteCode.TIME_LIMIT]

    def test_cpu_time_is_granted_by_task(self, source_of: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
        """A child that computes for ever is ended by its own time, however long the wall limit is."""
        busy = "while True: pass"
        monkeypatch.setattr(process, "_START", speaking(("READY", GOOD_LAYERS), then=busy))
        with Chamber(ChamberLimits(wall_seconds=110, cpu_seconds=1)) as short:
            found = short.examine(source_of(b"\xff\xd8" + bytes(100)))
            assert [(note.code, note.detail) for note in found.notes] == [(NoteCode.TIME_LIMIT, "cpu limit")]

    def test_a_picture_beyond_memory_is_noted(
        self, source_of: Sources, picture: Image.Image, encoded: Encoder
    ) -> None:
        """The child says so itself and lives on."""
        with Chamber(ChamberLimits(memory_bytes=96 << 20)) as narrow:
            pid = child_of(narrow)
            huge = encoded(Image.new("RGB", (7000, 7000)), "PNG", compress_level=1)
            assert NoteCode.MEMORY_LIMIT in codes(narrow.examine(source_of(huge)))
            assert narrow.examine(source_of(encoded(picture, "JPEG"))).raster is not None
            assert child_of(narrow) == pid

    def test_an_unreadable_source_is_a_note_with_its_own_code(self, chamber: Chamber, source_of: Sources) -> None:
        """The source's code where it is one of ours, a general one otherwise; the child lives on."""
        pid = child_of(chamber)
        for code, noted in (("source-changed", NoteCode.SOURCE_CHANGED), ("whatever", NoteCode.SOURCE_UNREADABLE)):

            def refuse(_: int, code: str = code) -> None:
                raise Unreadable(code, "gone")

            assert codes(chamber.examine(source_of(b"\xff\xd8" + bytes(100), refuse))) == [noted]
        assert child_of(chamber) == pid

    def test_a_source_that_became_shorter_has_changed(self, chamber: Chamber, source_of: Sources) -> None:
        """Fewer bytes than promised are not handed to a parser."""
        source = source_of(b"\xff\xd8" + bytes(100))
        source.data = source.data[:50]
        assert codes(chamber.examine(source)) == [NoteCode.SOURCE_CHANGED]

    def test_a_broken_seal_is_passed_on(self, chamber: Chamber, source_of: Sources) -> None:
        """Tampered stops the line; it is never turned into a note."""

        def refuse(_: int) -> None:
            raise Tampered("seal", "does not verify")

        with pytest.raises(Tampered):
            chamber.examine(source_of(b"\xff\xd8" + bytes(100), refuse))
        assert chamber.examine(source_of(b"words")).notes[0].code is NoteCode.UNSUPPORTED_TYPE

    def test_a_child_is_recycled_after_its_tasks(self, source_of: Sources) -> None:
        """What leaks, leaks for a while only."""
        with Chamber(ChamberLimits(tasks=2)) as short:
            pid = child_of(short)
            short.examine(source_of(b"words"))
            assert child_of(short) == pid
            short.examine(source_of(b"words"))
            assert child_of(short) != pid
            assert gone(pid)

    def test_a_child_that_keeps_memory_is_recycled(self, source_of: Sources) -> None:
        """Before its limit meets an innocent picture."""
        with Chamber(ChamberLimits(kept_bytes=-1)) as tidy:
            pid = child_of(tidy)
            tidy.examine(source_of(b"words"))
            assert child_of(tidy) != pid
            assert gone(pid)

    def test_what_is_left_in_the_middle_is_no_death(
        self, source_of: Sources, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nothing is to be learnt of evidence from our own leaving: another child, and no line about a lost one."""
        with Chamber() as chamber:
            pid = child_of(chamber)
            with pytest.raises(Tampered):
                chamber.examine(source_of(b"\xff\xd8" + bytes(100), tampered))
            assert child_of(chamber) != pid
            assert caplog.records == []


def tampered(_: int) -> None:
    raise Tampered("seal", "does not verify")


class TestWalls:
    def test_every_layer_of_the_floor_is_proved(self, chamber: Chamber) -> None:
        """The probes ran inside and every one was refused; further layers are reported either way."""
        layers = {layer.name: layer for layer in chamber.layers()}
        assert set(layers) == set(LAYER_NAMES)
        assert [name for name in FLOOR if not layers[name].active] == []
        assert "probes refused" in layers["system-calls"].detail

    def test_the_kernel_agrees(self, chamber: Chamber) -> None:
        """Seen from outside: a filter, no new privileges, four descriptors, no environment of ours."""
        proc = Path(f"/proc/{child_of(chamber)}")
        try:
            status = dict(line.split(":\t", 1) for line in (proc / "status").read_text("ascii").splitlines())
            descriptors = sorted(link.readlink().as_posix() for link in (proc / "fd").iterdir())
            environment = (proc / "environ").read_bytes()
        except PermissionError:
            pytest.skip("only root may look into an undumpable process")
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
        assert descriptors[:3] == ["/dev/null"] * 3
        assert len(descriptors) == 4
        assert descriptors[3].startswith("socket:")
        assert b"PYTEST" not in environment

    def test_without_the_floor_nothing_is_decoded(self, source_of: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine that cannot filter system calls is told so, by code, before a byte of evidence is read."""
        rows = [{"name": n, "active": n != "system-calls", "detail": ""} for n in LAYER_NAMES]
        monkeypatch.setattr(process, "_START", speaking(("READY", json.dumps(rows).encode())))
        source = source_of(b"\xff\xd8" + bytes(100))
        with Chamber() as chamber:
            assert not all(layer.active for layer in chamber.layers())
            for attempt in (chamber.examine, lambda s: chamber.expand(s, ArchiveLimits())):
                with pytest.raises(Unavailable) as refusal:
                    attempt(source)
                assert refusal.value.code == "chamber-floor"
        assert source.reads == 0

    def test_a_child_that_cannot_start_is_unavailable(
        self, source_of: Sources, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A broken installation is the machine's fault, not the evidence's."""
        monkeypatch.setattr(process, "_START", "raise SystemExit(1)")
        with Chamber() as chamber, pytest.raises(Unavailable) as refusal:
            chamber.examine(source_of(b"words"))
        assert refusal.value.code == "chamber-start"


GOOD_LAYERS = json.dumps([{"name": n, "active": True, "detail": ""} for n in LAYER_NAMES]).encode()


def speaking(*frames: tuple[str, bytes], then: str = "import time; time.sleep(60)") -> str:
    """A program in place of the child that says these frames and reads one task after the first."""
    return f"""
import os, sys
sys.path.insert(0, sys.argv[1])
from triage.chamber.protocol import HEADER, Kind, receive, send
descriptor = int(sys.argv[2])
for place, (kind, payload) in enumerate({list(frames)!r}):
    send(descriptor, Kind[kind], payload)
    if place == 0:
        receive(descriptor)
{then}
"""


class TestLies:
    """A child taken over by what it parsed says what it likes."""

    @pytest.mark.parametrize(
        "frames",
        [
            [("RESULT", b"{}")],
            [("RESULT", b"not json")],
            [("MEMBER", b"{}")],
            [("READY", GOOD_LAYERS)],
            [("READ", b"short")],
            [("READ", (1 << 40).to_bytes(8, "big") + (1).to_bytes(4, "big"))],
            [("READ", bytes(8) + (1 << 30).to_bytes(4, "big"))],
            [("TASK", b"")],
        ],
    )
    def test_a_lying_or_flooding_child_is_ended_and_noted(
        self, source_of: Sources, monkeypatch: pytest.MonkeyPatch, frames: list[tuple[str, bytes]]
    ) -> None:
        """Wrong kind, wrong form, wrong range, too often: one note, and the child is dead."""
        monkeypatch.setattr(process, "_START", speaking(("READY", GOOD_LAYERS), *frames))
        with Chamber() as chamber:
            pid = child_of(chamber)
            found = chamber.examine(source_of(b"\xff\xd8" + bytes(100)))
            assert found.raster is None
            assert [(note.code, note.detail) for note in found.notes] == [
                (NoteCode.CHAMBER_DIED, "broke the protocol")
            ]
            assert gone(pid)

    def test_a_child_that_takes_no_answer_is_ended(self, source_of: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
        """It asks for four megabytes and never reads them: the wall limit ends the wait."""
        request = (0).to_bytes(8, "big") + (4 << 20).to_bytes(4, "big")
        monkeypatch.setattr(process, "_START", speaking(("READY", GOOD_LAYERS), ("READ", request)))
        with Chamber(ChamberLimits(wall_seconds=1)) as chamber:
            pid = child_of(chamber)
            assert codes(chamber.examine(source_of(bytes(4 << 20)))) == [NoteCode.TIME_LIMIT]
            assert gone(pid)

    def test_a_flooding_child_is_ended(self, source_of: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
        """Reading the same byte for ever is no parsing."""
        flood = "while True: send(descriptor, Kind.READ, bytes(11) + b'\\1'); receive(descriptor)"
        monkeypatch.setattr(process, "_START", speaking(("READY", GOOD_LAYERS), then=flood))
        with Chamber() as chamber:
            found = chamber.examine(source_of(b"\xff\xd8" + bytes(100)))
            assert [note.detail for note in found.notes] == ["broke the protocol"]

    def test_a_frame_longer_than_its_kind_allows_is_not_read(
        self, source_of: Sources, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Four gigabytes are refused by their header."""
        shout = "os.write(descriptor, HEADER.pack(Kind.RESULT, 0xFFFFFFFF)); import time; time.sleep(60)"
        monkeypatch.setattr(process, "_START", speaking(("READY", GOOD_LAYERS), then=shout))
        with Chamber() as chamber:
            assert codes(chamber.examine(source_of(b"\xff\xd8" + bytes(100)))) == [NoteCode.CHAMBER_DIED]

    @pytest.mark.parametrize(
        "frames",
        [
            [("DATA", b"x")],
            [("MEMBER", b'{"name": 5, "size": 1, "mtime": null}')],
            [("MEMBER", b'{"name": "", "size": 1, "mtime": null}'), ("DATA", b"")],
            [("MEMBER", b'{"name": "", "size": 1, "mtime": null}'), ("DATA", b"x" * 11)],
            [("MEMBER", b'{"name": "", "size": 1, "mtime": null}'), ("END", b"[]")],
            [("MEMBER", b'{"name": "", "size": 1, "mtime": null}'), ("MEMBER_END", b"[]")] * 4,
            [("END", b"{}")],
        ],
    )
    def test_a_lying_expansion_ends_with_a_note(
        self, source_of: Sources, monkeypatch: pytest.MonkeyPatch, frames: list[tuple[str, bytes]]
    ) -> None:
        """The limits are kept on this side too; what came before the lie stays."""
        monkeypatch.setattr(process, "_START", speaking(("READY", GOOD_LAYERS), *frames))
        with Chamber() as chamber:
            expansion = chamber.expand(source_of(b"PK\x03\x04"), ArchiveLimits(max_members=3, max_member_bytes=10))
            members = [(member, list(member.chunks)) for member in expansion]
            assert len(members) <= 3
            assert [note.code for note in expansion.notes] == [NoteCode.CHAMBER_DIED]


HOLDER = """
import sys, time
from triage.chamber.parent import Chamber
chamber = Chamber()
chamber.layers()
print(chamber._child.pid, flush=True)
time.sleep(120)
"""


def test_kill_9_of_the_parent_leaves_no_orphan() -> None:
    """The kernel ends the child with its parent."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        assert not gone(pid)
        holder.kill()
        holder.wait()
    assert wait_until(lambda: gone(pid))


def test_closing_leaves_no_process() -> None:
    """The end of the with block is the end of the child."""
    with Chamber() as chamber:
        pid = child_of(chamber)
    assert gone(pid)
