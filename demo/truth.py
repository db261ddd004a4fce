"""What a made-up seizure contains and what the pipeline must say of it, to the last item."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from triage.domain.findings import NoteCode
from triage.domain.items import Outcome


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One occurrence: a file on disk, or a member of an archive.

    `expected` is the pipeline's answer once the sets of `make_hash_sets` are imported, `note` a processing note that
    must appear. `path` is relative to the exhibit; a member's continues after its archive's. `look` names the picture
    whose versions look alike, None where there is only one.
    """

    path: str
    size: int
    md5: bytes
    sha1: bytes
    sha256: bytes
    expected: Outcome
    note: NoteCode | None = None
    look: int | None = None
    member: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture, outside the exhibits, that the PDQ list holds; altered versions of it are inside."""

    seed: int
    width: int
    height: int


@dataclass(frozen=True)
class ExhibitTruth:
    """One exhibit: its folder and references for `triage submit`, and every occurrence in it."""

    letter: str
    folder: Path
    case: str
    exhibit: str
    basis: str
    files: tuple[SampleFile, ...]

    @property
    def on_disk(self) -> int:
        """Files in the folder, members of archives not counted."""
        return sum(not file.member for file in self.files)

    @property
    def occurrences(self) -> int:
        """Files and members of archives."""
        return len(self.files)

    @property
    def items(self) -> int:
        """Distinct contents, archives included."""
        return len({file.sha256 for file in self.files})

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Distinct items by what each must turn out to be; adds up to `items`."""
        return count_outcomes(self.files)


@dataclass(frozen=True)
class SeizureTruth:
    """The three exhibits, what the sample sets list, and which exhibits belong to one network.

    `series` names the series of each known item by its SHA-256; `referrals` groups the letters of exhibits.
    """

    exhibits: tuple[ExhibitTruth, ...]
    near_originals: tuple[Listed, ...]
    series: dict[bytes, str]
    referrals: tuple[frozenset[str], ...]

    @property
    def files(self) -> tuple[SampleFile, ...]:
        """Every occurrence in every exhibit."""
        return tuple(file for exhibit in self.exhibits for file in exhibit.files)

    @property
    def items(self) -> int:
        """Distinct contents over all exhibits."""
        return len({file.sha256 for file in self.files})

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Distinct items over all exhibits by what each must turn out to be; adds up to `items`."""
        return count_outcomes(self.files)


def count_outcomes(files: tuple[SampleFile, ...]) -> dict[Outcome, int]:
    """Distinct items by expectation, every answer present but "pending"."""
    expected = {file.sha256: file.expected for file in files}
    counts = Counter(expected.values())
    return {outcome: counts[outcome] for outcome in Outcome if outcome is not Outcome.PENDING}


def describe(
    path: str, data: bytes, expected: Outcome, *, note: NoteCode | None, look: int | None, member: bool
) -> SampleFile:
    """The record of one occurrence with these bytes."""
    return SampleFile(
        path=path,
        size=len(data),
        md5=hashlib.md5(data, usedforsecurity=False).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        sha256=hashlib.sha256(data).digest(),
        expected=expected,
        note=note,
        look=look,
        member=member,
    )
