"""Whether a second algorithm agrees with what PDQ found. Compared, never searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from hashsets.vocabulary import TRANSFORMS, Candidate, Fingerprint, FingerprintAlgorithm

from .findings import Subject, TakenFingerprint

Measured = Mapping[FingerprintAlgorithm, int]
"""Least distance in bits of 64 by second algorithm; those that cannot be compared are absent."""


class Verdict(StrEnum):
    """What the second algorithms say."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    ABSENT = "absent"  # the entry lists none, or we have none of this raster in this transform


def measured(candidate: Candidate, subject: Subject, taken: Sequence[TakenFingerprint]) -> Measured:
    """How far the entry's second values lie from ours of the same raster, turned as PDQ found it."""
    found: dict[FingerprintAlgorithm, int] = {}
    for algorithm, listed in candidate.second_values:
        for entry in taken:
            if entry.subject is subject and entry.fingerprint.algorithm is algorithm:
                ours = _turned(entry.fingerprint, TRANSFORMS.index(candidate.transform))
                if ours:
                    found[algorithm] = min(_distance(ours, listed), found.get(algorithm, 8 * algorithm.size))
    return found


def verdict(found: Measured, reach: Mapping[FingerprintAlgorithm, int]) -> Verdict:
    """All that could be compared must agree."""
    if not found:
        return Verdict.ABSENT
    return Verdict.AGREES if all(bits <= reach[one] for one, bits in found.items()) else Verdict.DISAGREES


def in_words(found: Measured) -> str:
    """`phash 3, dhash 5`; nothing for nothing."""
    return ", ".join(f"{algorithm} {bits}" for algorithm, bits in sorted(found.items()))


def _turned(fingerprint: Fingerprint, transform: int) -> bytes | None:
    """The value under a transform. Values from before variants were stored know the picture as it is only."""
    if fingerprint.variants:
        return fingerprint.variants[transform]
    return fingerprint.value if transform == 0 else None


def _distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
