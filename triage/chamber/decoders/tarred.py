"""TAR → members, as a stream: no member is looked for, each is met. Directories are no loss and not noted."""

from __future__ import annotations

import tarfile
from typing import IO, Any, Self, cast

from triage.chamber.checks import MAX_CLAIM
from triage.chamber.decoders.budget import Budget, Sink, send_member
from triage.chamber.protocol import MAX_DATA
from triage.domain.findings import NoteCode

_ENDS = 16


class _Ending:
    """A file that loses patience: tarfile would read a member of eight exabytes to its end, nothing by nothing."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = 0

    def read(self, length: int) -> bytes:
        """Raises EOFError when the end has been met too often."""
        data = self._file.read(length)
        self._ends = 0 if data else self._ends + 1
        if self._ends > _ENDS:
            raise EOFError
        return data


def expand(file: IO[bytes], budget: Budget, sink: Sink) -> None:
    """Send every regular file. Raises what `send_member` and tarfile raise."""

    class Noting(tarfile.TarInfo):
        """tarfile passes over a damaged header in silence; a lost member is worth a note."""

        @classmethod
        def frombuf(cls, buf: Any, encoding: str, errors: str) -> Self:
            """One header block."""
            try:
                return super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError:
                if bytes(buf).strip(b"\0"):
                    budget.note(NoteCode.ARCHIVE_UNREADABLE, "damaged header")
                raise

    archive = tarfile.open(  # noqa: SIM115 -- a stream that the caller owns
        fileobj=cast("IO[bytes]", _Ending(file)),
        mode="r|",
        bufsize=MAX_DATA,
        tarinfo=Noting,
        ignore_zeros=True,  # go on behind a damaged header and into an appended archive
        encoding="utf-8",
        errors="surrogateescape",
    )
    while (info := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # typeshed hides it; tarfile would keep every header
        _send(archive, info, budget, sink)


def _send(archive: tarfile.TarFile, info: tarfile.TarInfo, budget: Budget, sink: Sink) -> None:
    if info.isdir():
        return
    if info.issym() or info.islnk():
        budget.note(NoteCode.LINK_NOT_FOLLOWED)
        return
    content = archive.extractfile(info) if info.isreg() else None
    if content is None:
        budget.note(NoteCode.SPECIAL_FILE)
        return
    name = info.name.encode("utf-8", "surrogateescape")
    mtime = int(info.mtime) if 0 <= info.mtime < 1 << 40 else None
    send_member(
        sink, budget, name, min(max(info.size, 0), MAX_CLAIM), mtime, iter(lambda: content.read(MAX_DATA), b"")
    )
