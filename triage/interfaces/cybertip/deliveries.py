"""A file that a police unit received, the document alone or the ZIP it came in → reports with their files' bytes.

A ZIP is unfolded by the chamber, twice: for its documents, then for what they list. So at most one delivery's media
are in memory, within a limit, and nothing is written anywhere.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from triage.chamber.expansion import Expansion, Member
from triage.chamber.limits import ArchiveLimits
from triage.chamber.parent import Chamber
from triage.domain.errors import NotFound, Unreadable
from triage.domain.reports import FileFacts, Relevance

from .delivered_report import DeliveredReport, delivered_report
from .loose_json import MOST_BYTES

_PAPER = (".json", ".pdf", ".xml", ".html", ".htm", ".txt", ".csv", ".xlsx", ".docx")
"""What tells of a report and is no file of it."""
_ZIP = b"PK"


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """A file of a delivered report; `data` None where its bytes are not in the delivery."""

    facts: FileFacts
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A report with what came along. `left` counts members of the ZIP that belong to no report in it."""

    report: DeliveredReport
    document_sha256: bytes
    files: tuple[BroughtFile, ...]
    left: int = 0

    @property
    def identity(self) -> bytes:
        """SHA-256 of the document's and of each file's: the same delivery again has the same."""
        digests = [sha256(file.data).digest() for file in self.files if file.data is not None]
        return sha256(self.document_sha256 + b"".join(sorted(digests))).digest()


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a file holds: reports, and why documents in it are none."""

    reports: tuple[Delivered, ...]
    problems: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class _Document:
    folder: str
    sha256: bytes
    report: DeliveredReport


class FileBytes:
    """A file of the machine's, read at offsets (`domain.sources.ByteSource`)."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            raise NotFound("source-missing", "There is nothing at this path.") from None
        except OSError as error:
            raise Unreadable("source-unreadable", f"The file cannot be read (error {error.errno}).") from None
        self.size = self._file.seek(0, 2)

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        self._file.seek(offset)
        return self._file.read(length)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_delivery(path: Path, chamber: Chamber, limits: ArchiveLimits, most_bytes: int) -> Unpacked:
    """The reports in a file, with up to `most_bytes` of media in all.

    Raises NotFound `source-missing`, Unreadable `source-unreadable`, `json-invalid`, `no-cybertip`, `zip-unreadable`,
    `delivery-too-large`.
    """
    with closing(FileBytes(path)) as source:
        if source.read_at(0, len(_ZIP)) != _ZIP:
            if source.size > MOST_BYTES:
                raise Unreadable("json-invalid", f"The document is longer than {MOST_BYTES:,} bytes.")
            document = source.read_at(0, MOST_BYTES)
            report = delivered_report(document)
            files = tuple(BroughtFile(file.facts, None) for file in report.files)
            return Unpacked((Delivered(report, sha256(document).digest(), files),))
        documents, others, problems = _documents(chamber.expand(source, limits))
        if not documents:
            raise problems[0] if problems else Unreadable("no-cybertip", "There is no report as JSON in this ZIP.")
        reports = _with_media(documents, others, chamber.expand(source, limits), most_bytes)
        return Unpacked(tuple(reports), tuple(problems))


def _documents(expansion: Expansion) -> tuple[list[_Document], list[str], list[Unreadable]]:
    """The reports of a ZIP, and the places of its other members that are no paper."""
    documents: list[_Document] = []
    others: list[str] = []
    problems: list[Unreadable] = []
    for place, member in _members(expansion):
        if place.casefold().endswith(".json"):
            try:
                document = _bytes(member, MOST_BYTES)
                folder, digest = posixpath.dirname(place), sha256(document).digest()
                documents.append(_Document(folder, digest, delivered_report(document)))
            except Unreadable as error:
                problems.append(error)
        elif not place.casefold().endswith(_PAPER):
            others.append(place)
    _require_whole(expansion)
    return documents, others, problems


def _with_media(
    documents: Sequence[_Document], others: Sequence[str], expansion: Expansion, most_bytes: int
) -> Iterator[Delivered]:
    wanted = _wanted(documents, others)
    is_only = len(documents) == 1
    media: dict[str, bytes] = {}
    for place, member in _members(expansion):
        if place in wanted or (is_only and not place.casefold().endswith(_PAPER)):
            media[place] = _bytes(member, most_bytes - sum(map(len, media.values())))
    _require_whole(expansion)
    places = {(document, number): place for place, (document, number) in wanted.items()}
    for which, document in enumerate(documents):
        files = []
        for number, file in enumerate(document.report.files):
            place = places.get((which, number), "")
            files.append(BroughtFile(file.facts, media.get(place)))
        left = [place for place in others if place not in wanted]
        if is_only:
            # They came along: better a file too many before the gate than one that nobody looks for.
            files += [BroughtFile(_unlisted(place), media[place]) for place in left if place in media]
            left = []
        yield Delivered(document.report, document.sha256, tuple(files), len(left))


def _wanted(documents: Sequence[_Document], others: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Which member holds the bytes of which file of which document: by name, nearest folder first, each once."""
    by_name: dict[str, list[str]] = {}
    for place in others:
        by_name.setdefault(posixpath.basename(place).casefold(), []).append(place)
    wanted: dict[str, tuple[int, int]] = {}
    for which, document in enumerate(documents):
        for number, file in enumerate(document.report.files):
            names = (posixpath.basename(name.replace("\\", "/")).casefold() for name in file.names)
            free = [place for name in names for place in by_name.get(name, ()) if place not in wanted]
            if free:
                wanted[max(free, key=lambda place: _common(place, document.folder))] = (which, number)
    return wanted


def _common(place: str, folder: str) -> int:
    """How many folders a member's place shares with its document's."""
    pairs = zip(posixpath.dirname(place).split("/"), folder.split("/"), strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), 1_000)


def _unlisted(place: str) -> FileFacts:
    return FileFacts(
        name=posixpath.basename(place),
        relevance=Relevance.SUPPLEMENTAL,
        note="in the delivery, and not listed in its report",
    )


def _members(expansion: Expansion) -> Iterator[tuple[str, Member]]:
    """Members with their places as text: no path of ours, and never used as one."""
    for member in expansion:
        yield member.name.decode("utf-8", "replace").replace("\\", "/").replace("\0", "\ufffd"), member


def _bytes(member: Member, most: int) -> bytes:
    held = bytearray()
    for chunk in member.chunks:
        held += chunk
        if len(held) > most:
            raise Unreadable("delivery-too-large", "The delivery holds more than is read at once.")
    if member.notes:
        raise Unreadable("zip-unreadable", f"A member of the ZIP is not whole ({member.notes[0].code}).")
    return bytes(held)


def _require_whole(expansion: Expansion) -> None:
    if expansion.notes:
        raise Unreadable("zip-unreadable", f"The ZIP cannot be read whole ({expansion.notes[0].code}).")
