"""A piece of content, named by its bytes, and the answer that the pipeline has for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hashsets.algorithms.digests import is_empty
from hashsets.vocabulary import Digest, DigestAlgorithm


class ItemKind(StrEnum):
    """What the first bytes claim; decided by comparing magic numbers only, never by parsing."""

    RASTER = "raster"
    VIDEO = "video"
    CONTAINER = "container"
    OTHER = "other"
    EMPTY = "empty"
    STATED = "stated"  # nothing is held: digests, perhaps fingerprints, as a sender told them


class Outcome(StrEnum):
    """The pipeline's answer. "Too poor", "undecodable" and "unknown" are three answers, never one."""

    PENDING = "pending"
    KNOWN = "known"  # the bytes are in a trusted release: closed without viewing
    NEAR = "near"  # a fingerprint lies within reach of a known one: likely, not certain
    UNKNOWN = "unknown"  # examined, compared, and nothing is like it
    KNOWN_GOOD = "known-good"  # set aside
    TOO_POOR = "too-poor"  # decoded, but too little in it for a fingerprint to mean anything
    UNDECODABLE = "undecodable"  # no picture came out; a note says why
    CONTAINER = "container"  # its members stand for it
    NOT_EXAMINED = "not-examined"  # nothing is held: compared by what was told, and nothing says what it is


CLOSED_UNSEEN = frozenset({Outcome.KNOWN, Outcome.KNOWN_GOOD})
"""Answers that close an item without viewing. Which match leads to one is the policy's to say."""


_ALGORITHMS = tuple(DigestAlgorithm)


@dataclass(frozen=True, slots=True)
class KnownDigests:
    """What is known of an item's digests, raw: all three where we had its bytes, one at least where it was told."""

    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None

    def as_digests(self) -> tuple[Digest, ...]:
        """Those that are known, as hash sets are asked."""
        return tuple(Digest(algorithm, value) for algorithm in _ALGORITHMS if (value := getattr(self, algorithm)))

    @property
    def name(self) -> Digest | None:
        """The strongest one: what a stated item goes by. What was told beside it is only said of it."""
        if self.sha256:
            return Digest(DigestAlgorithm.SHA256, self.sha256)
        digests = self.as_digests()
        return digests[-1] if digests else None

    @property
    def named(self) -> KnownDigests:
        """The name alone."""
        if self.sha256:
            return KnownDigests(sha256=self.sha256)
        return KnownDigests(sha1=self.sha1) if self.sha1 else self

    def agrees(self, other: KnownDigests) -> bool:
        """Whether no algorithm has two values."""
        pairs = ((self.md5, other.md5), (self.sha1, other.sha1), (self.sha256, other.sha256))
        return all(mine == others for mine, others in pairs if mine and others)

    def joined(self, other: KnownDigests) -> KnownDigests:
        """What either knows; of two values the first."""
        return KnownDigests(self.md5 or other.md5, self.sha1 or other.sha1, self.sha256 or other.sha256)


def told_digests(told: Iterable[Digest]) -> KnownDigests:
    """The digests that a sender told. The empty file's say nothing: lists carry them by accident."""
    return KnownDigests(**{one.algorithm.value: one.value for one in told if not is_empty(one)})


@dataclass(frozen=True, slots=True)
class Item:
    """One content-addressed item; `depth` counts the fewest containers around it so far.

    `size` is None where nothing is held and none was told.
    """

    id: int
    digests: KnownDigests
    size: int | None
    kind: ItemKind
    depth: int
    outcome: Outcome

    @property
    def is_stated(self) -> bool:
        """Whether all that is known of it was told."""
        return self.kind is ItemKind.STATED

    def may_be_set_aside_by(self, algorithm: str) -> bool:
        """Whether a listing of this digest among harmless ones counts.

        Of a stated item only its name's: whoever tells another's digest with a harmless file's beside it must not
        set that other's report aside.
        """
        return not self.is_stated or (self.digests.name is not None and self.digests.name.algorithm == algorithm)
