"""A file that comes in parts: what its sender states of it, and its states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hashsets.algorithms.digests import Digests
from hashsets.vocabulary import Digest, DigestAlgorithm


class UploadState(StrEnum):
    """Open until all of it is sealed in the vault; the rest follows from what it belongs to."""

    OPEN = "open"
    ARRIVED = "arrived"  # sealed in the vault; its report is not finished yet
    TAKEN = "taken"  # an item has it
    FAILED = "failed"  # for the reason in `because`
    DROPPED = "dropped"  # ended by its sender, or nobody went on with it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """What a sender states before the first byte. Either of a report's file, or of one of a pushed submission.

    `path` is where the seizure had it, as bytes: data, and never a path on a disk of ours.
    """

    length: int
    stated: tuple[Digest, ...] = ()
    report_id: int | None = None
    submission_id: int | None = None
    path: bytes = b""
    mtime_ns: int = 0


def agree(measured: Digests, stated: Mapping[str, str]) -> bool:
    """Whether digests told by algorithm, in hex, are those of the bytes. What was not told contradicts nothing."""
    ours = {one.algorithm.value: one.value.hex() for one in measured.as_digests()}
    return all(ours.get(name, value) == value for name, value in stated.items())


def stated_row(stated: Iterable[Digest]) -> dict[str, str]:
    """Digests as the database keeps them: hex by algorithm."""
    return {one.algorithm.value: one.value.hex() for one in stated}


def sha256_stated(value: bytes) -> tuple[Digest, ...]:
    """A SHA-256 value as what a sender states."""
    return (Digest(DigestAlgorithm.SHA256, value),)
