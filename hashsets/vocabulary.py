"""The words of known-hash sets as frozen values. Nothing here computes, reads or writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DigestAlgorithm(StrEnum):
    """Cryptographic digests of the bytes."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"

    @property
    def size(self) -> int:
        """Length of a value in bytes."""
        return _SIZES[self]


class FingerprintAlgorithm(StrEnum):
    """Perceptual algorithms that we compute and compare."""

    PDQ = "pdq"
    PHASH = "phash"
    DHASH = "dhash"

    @property
    def size(self) -> int:
        """Length of a value in bytes."""
        return _SIZES[self]


_SIZES: Mapping[str, int] = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32, "phash": 8, "dhash": 8}


class Profile(StrEnum):
    """How a raster was prepared before the algorithm ran; two profiles of one picture differ by some bits.

    `PDQ_REF512` follows the C++ reference (nearest-neighbour to 512x512 first when a side exceeds 512).
    `PDQ_FULL` hashes the full raster, as python-threatexchange and vPDQ do.
    `IMAGEHASH` is what the `imagehash` package computes from the whole picture.
    `PDQ_LUMA` and `PDQ_LUMA512` are estimates of `PDQ_FULL` and `PDQ_REF512` from a JPEG's own luma, within
    `ESTIMATE_MARGIN` bits of them: they can say that nothing is near, and never that something is. No set holds them.
    """

    PDQ_REF512 = "pdq-ref512"
    PDQ_FULL = "pdq-full"
    PDQ_LUMA = "pdq-luma"
    PDQ_LUMA512 = "pdq-luma512"
    IMAGEHASH = "imagehash"

    @property
    def exact(self) -> Profile:
        """The profile whose values these are, or estimate."""
        return _ESTIMATED.get(self, self)

    @property
    def is_estimate(self) -> bool:
        """Whether values may differ from the exact profile's, so that they decide only far from any boundary."""
        return self in _ESTIMATED


_ESTIMATED: Mapping[Profile, Profile] = {
    Profile.PDQ_LUMA: Profile.PDQ_FULL,
    Profile.PDQ_LUMA512: Profile.PDQ_REF512,
}

ESTIMATE_MARGIN = 10
"""Bits that an estimate and its exact value lie apart at most, in each variant. Measured, not proved."""


class Transform(StrEnum):
    """The eight symmetries of a square, in the order in which variants are stored.

    The order is that of `compute_dihedral` in the PDQ reference and of the `pdqhash` package.
    """

    IDENTITY = "identity"
    ROTATE_90 = "rotate-90"
    ROTATE_180 = "rotate-180"
    ROTATE_270 = "rotate-270"
    FLIP_X = "flip-x"
    FLIP_Y = "flip-y"
    FLIP_PLUS_1 = "flip-plus-1"
    FLIP_MINUS_1 = "flip-minus-1"


TRANSFORMS: tuple[Transform, ...] = tuple(Transform)

SECOND_ALGORITHMS = (FingerprintAlgorithm.PHASH, FingerprintAlgorithm.DHASH)
"""Never searched for: where an entry lists a value of theirs, it can confirm what PDQ found."""


class SetKind(StrEnum):
    """What membership in a set means."""

    KNOWN = "known"
    KNOWN_GOOD = "known-good"
    ALLOWED = "allow-list"  # what a unit itself has judged harmless or noisy

    @property
    def is_harmless(self) -> bool:
        """Whether membership speaks against looking, not for it."""
        return self is not SetKind.KNOWN


class StateKind(StrEnum):
    """What our own analysts can say of an entry. All but `CONFIRMED` take it out of the answers."""

    DISABLED = "disabled"  # until a day
    QUARANTINED = "quarantined"  # noisy: answers too often, and wrongly
    CONFIRMED = "confirmed"  # our analysts agree with the source
    REFUTED = "refuted"  # our analysts disagree


class Basis(StrEnum):
    """How an entry was reached."""

    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Digest:
    """One cryptographic digest; `value` is raw bytes of the algorithm's length."""

    algorithm: DigestAlgorithm
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != self.algorithm.size:
            raise ValueError(f"{self.algorithm} takes {self.algorithm.size} bytes, not {len(self.value)}")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One perceptual value of a picture.

    `value` is raw bytes in the order in which the field prints hexadecimal digits. `quality` is 0..100 for PDQ
    and None where the algorithm has none. `variants` holds the values of the eight symmetries in the order of
    `TRANSFORMS` (the first equals `value`), or nothing where the algorithm offers none.
    """

    algorithm: FingerprintAlgorithm
    profile: Profile
    value: bytes
    quality: int | None = None
    variants: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.value) != self.algorithm.size:
            raise ValueError(f"{self.algorithm} takes {self.algorithm.size} bytes, not {len(self.value)}")
        if self.variants and (len(self.variants) != len(TRANSFORMS) or self.variants[0] != self.value):
            raise ValueError("variants come as eight values, the first of them the fingerprint itself")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a source says of an entry. Absent is None and differs from False."""

    category: str | None = None
    series: str | None = None
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    distributed: bool | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One known thing as its source lists it.

    `key` names it within the source and is unique in a release. `opaque` counts values by type name that we
    store for the owner and do not search for: PhotoDNA and the like, which we cannot compare, and the values of
    `SECOND_ALGORITHMS`.
    """

    key: str
    digests: tuple[Digest, ...] = ()
    fingerprints: tuple[bytes, ...] = ()  # PDQ values, 32 bytes each; sources do not state the profile
    opinion: Opinion = Opinion()
    opaque: tuple[tuple[str, str], ...] = ()  # (type name, value as the source wrote it)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry within the index's reach of one query; whether it is a match is for a policy to say.

    `query` is the position of the asking digest or fingerprint in its batch. `distance` is in bits (0 for exact).
    `profile` is the profile of the query, None for digests. `state` is what our own analysts have said of the entry:
    `confirmed` or nothing, for entries that they have refuted answer no more. `second_values` are what the entry
    lists of `SECOND_ALGORITHMS`; only near candidates bring them.
    """

    query: int
    set_name: str
    set_kind: SetKind
    release_id: str
    entry_key: str
    basis: Basis
    algorithm: str
    profile: Profile | None
    distance: int
    transform: Transform
    opinion: Opinion
    state: str | None = None
    second_values: tuple[tuple[FingerprintAlgorithm, bytes], ...] = ()
