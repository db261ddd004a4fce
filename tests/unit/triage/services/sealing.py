"""Items whose bytes are really in a vault, and a chamber that answers as told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

from tests.unit.triage.stored import NOW, Scene, digests_of
from triage.chamber.limits import ArchiveLimits
from triage.chamber.parent import Chamber
from triage.chamber.sniff import kind_of
from triage.domain.findings import Examination, NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.domain.sources import ByteSource
from triage.domain.submissions import Found
from triage.services.keeping import sealed_row
from triage.store.items import NewItem
from triage.vault.local import LocalVault
from triage.vault.seam import SealedObject, Segment, Vault, VaultWriter

JPEG = b"\xff\xd8\xff\xe0"
ZIP = b"PK\x03\x04"


def seal(scene: Scene, vault: LocalVault, submission: int, data: bytes, path: bytes = b"", depth: int = 0) -> int:
    """An item with these bytes in the vault, found in this submission."""
    with vault.writer() as writer:
        locator = sealed_row(writer.seal([data]))
        writer.sync()
    digests = digests_of(data)
    with scene.store.writing() as unit:
        new = NewItem(digests, len(data), ItemKind(kind_of(data)), depth, sealed=locator)
        item = unit.items.add([new], NOW)[digests.sha256]
        unit.submissions.add_occurrences(submission, [(item, Found(path or str(item).encode(), len(data), 1))])
        unit.commit()
    return item


def whole(source: ByteSource) -> bytes:
    """All bytes of a source."""
    return source.read_at(0, source.size)


@dataclass
class ToldMember:
    """A member of an archive, as the chamber hands it out; `fails` after its bytes."""

    name: bytes
    data: bytes
    mtime: int | None = None
    notes: tuple[ProcessingNote, ...] = ()

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), 4):
            yield self.data[start : start + 4]


@dataclass
class ToldExpansion:
    """An archive's members; `before` is called before each."""

    members: Sequence[ToldMember]
    notes: tuple[ProcessingNote, ...]
    before: Callable[[], object]
    closed: bool = False

    def __iter__(self) -> Iterator[ToldMember]:
        for member in self.members:
            self.before()
            yield member

    def close(self) -> None:
        self.closed = True


@dataclass
class ToldChamber:
    """Answers from a table of bytes → result, from `estimates` where luma may do; `before` is called when asked."""

    pictures: Mapping[bytes, Examination] = field(default_factory=dict)
    archives: Mapping[bytes, Sequence[ToldMember]] = field(default_factory=dict)
    archive_notes: tuple[ProcessingNote, ...] = ()
    before: Callable[[], object] = lambda: None
    asked: list[tuple[bytes, str]] = field(default_factory=list)
    estimates: Mapping[bytes, Examination] = field(default_factory=dict)
    limits: list[ArchiveLimits] = field(default_factory=list)
    expansions: list[ToldExpansion] = field(default_factory=list)

    def examine(self, source: ByteSource, *, name_extension: str = "", luma_first: bool = False) -> Examination:
        self.before()
        data = whole(source)
        self.asked.append((data, name_extension))
        if luma_first and data in self.estimates:
            return self.estimates[data]
        return self.pictures.get(data) or Examination(None, notes=(ProcessingNote(NoteCode.UNDECODABLE),))

    def expand(self, source: ByteSource, limits: ArchiveLimits) -> ToldExpansion:
        self.before()
        data = whole(source)
        self.asked.append((data, ""))
        self.limits.append(limits)
        self.expansions.append(ToldExpansion(self.archives.get(data, ()), self.archive_notes, self.before))
        return self.expansions[-1]

    @property
    def chamber(self) -> Chamber:
        """As the services take it."""
        return cast("Chamber", self)


@dataclass
class ChangingVault:
    """A vault during whose sealing something happens."""

    inner: Vault
    act: Callable[[], object]

    def writer(self) -> VaultWriter:
        return _ChangingWriter(self.inner.writer(), self.act)

    def open(self, sealed: SealedObject) -> ByteSource:
        return self.inner.open(sealed)

    def segments(self) -> Iterator[Segment]:
        return self.inner.segments()


@dataclass
class _ChangingWriter:
    inner: VaultWriter
    act: Callable[[], object]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.inner.__exit__(kind, error, trace)

    def seal(self, chunks: Iterable[bytes]) -> SealedObject:
        self.act()
        return self.inner.seal(chunks)

    def sync(self) -> None:
        self.inner.sync()
