"""What every reader of a hash-set file yields, and how values written by strangers become ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from hashsets.index.exact import EMPTY_FILE
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, FingerprintAlgorithm

OPAQUE_MAX = 4096
TEXT_MAX = 1000
"""Characters that we keep of a value we cannot compare, and of a category, series or tag."""


class RejectCode(StrEnum):
    """Why a record, or one value of it, was not taken."""

    # the whole record
    NOT_A_RECORD = "not-a-record"
    NO_USABLE_VALUE = "no-usable-value"
    LINE_TOO_LONG = "line-too-long"
    DUPLICATE_ENTRY = "duplicate-entry"  # the same key and the same content once more
    STATEMENT_NOT_READ = "statement-not-read"  # of a script: another kind or shape, or for the other edition
    STATEMENT_WITHOUT_EFFECT = "statement-without-effect"  # it names rows, and the database has none of them
    # one value; the rest of the record is kept
    NOT_HEX = "not-hex"
    WRONG_LENGTH = "wrong-length"
    EMPTY_FILE_DIGEST = "empty-file-digest"
    UNREADABLE_TRUTH_VALUE = "unreadable-truth-value"
    UNREADABLE_CATEGORY = "unreadable-category"
    TEXT_CUT = "text-cut"
    UNKNOWN_FIELD = "unknown-field"
    UNREADABLE_FIELD = "unreadable-field"  # no text where one belongs
    KEY_REPEATED = "key-repeated"  # another record had this key: kept under a key of its own


@dataclass(frozen=True, slots=True)
class Reject:
    """One thing not taken; `position` counts lines or records (the format says which) from 1. Carries no value."""

    position: int
    code: RejectCode


@dataclass(frozen=True, slots=True)
class Read:
    """One entry and where it stood."""

    position: int
    entry: Entry


Column = str
Reader = Callable[[BinaryIO, Mapping[str, Column] | None], Iterator[Read | Reject]]
"""Reads a stream once, front to back, in bounded memory; raises HashSetError when the file as a whole is unreadable.

The mapping names columns (header to field) and concerns formats that have columns.
"""

PathReader = Callable[[Path], Iterator[Read | Reject]]
"""As a `Reader`, for formats that are read here and there, such as databases. The file stays as it is meanwhile."""

EMPTY_VALUES = frozenset(digest.value for digest in EMPTY_FILE)

type_of_digest_length: Mapping[int, DigestAlgorithm] = {algorithm.size: algorithm for algorithm in DigestAlgorithm}


class Values:
    """Collects the values of one record; what cannot be taken becomes a reject."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.digests: list[Digest] = []
        self.fingerprints: list[bytes] = []
        self.opaque: list[tuple[str, str]] = []
        self.rejects: list[Reject] = []
        self._taken: set[object] = set()

    def reject(self, code: RejectCode) -> None:
        """Note one thing that was not taken."""
        self.rejects.append(Reject(self.position, code))

    def add(self, kind: str, text: str) -> None:
        """Take one value; `kind` is md5, sha1, sha256, pdq, "digest" (by its length) or another type's name."""
        text = text.strip()
        if not text:
            return
        if kind in COMPARABLE:
            self._add_hex(kind, text)
        elif len(text) > OPAQUE_MAX:
            self.reject(RejectCode.WRONG_LENGTH)
        elif self._is_new((kind, text)):
            self.opaque.append((kind, text))

    def _add_hex(self, kind: str, text: str) -> None:
        try:
            value = bytes.fromhex(text)
        except ValueError:
            self.reject(RejectCode.NOT_HEX)
            return
        if kind == "digest" and len(value) in OTHER_DIGESTS:
            self.opaque.append((OTHER_DIGESTS[len(value)], text.lower()))
        elif kind == FingerprintAlgorithm.PDQ:
            self._add_fingerprint(value)
        else:
            self._add_digest(kind, value)

    def _add_fingerprint(self, value: bytes) -> None:
        if len(value) != FingerprintAlgorithm.PDQ.size:
            self.reject(RejectCode.WRONG_LENGTH)
        elif self._is_new(value):
            self.fingerprints.append(value)

    def _add_digest(self, kind: str, value: bytes) -> None:
        algorithm = type_of_digest_length.get(len(value))
        if algorithm is None or kind not in {"digest", algorithm.value}:
            self.reject(RejectCode.WRONG_LENGTH)
            return
        if value in EMPTY_VALUES:
            self.reject(RejectCode.EMPTY_FILE_DIGEST)
        elif self._is_new((algorithm, value)):
            self.digests.append(Digest(algorithm, value))

    def _is_new(self, value: object) -> bool:
        """Whether the record has not listed a value before; at once, however many a hostile record lists."""
        if value in self._taken:
            return False
        self._taken.add(value)
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken, not even to be kept for its owner."""
        return not (self.digests or self.fingerprints or self.opaque)

    def derived_key(self) -> str:
        """A key for a source that gives none: equal values, equal key, in every release. It does not show them."""
        parts = sorted(f"{digest.algorithm}:{digest.value.hex()}" for digest in self.digests)
        parts += sorted(f"pdq:{value.hex()}" for value in self.fingerprints)
        parts += sorted(f"{kind}:{text}" for kind, text in self.opaque)
        return "v-" + hashlib.blake2s("\n".join(parts).encode(), digest_size=10).hexdigest()


OTHER_DIGESTS: Mapping[int, str] = {48: "sha384", 64: "sha512", 144: "photodna"}
"""Byte lengths of types that we keep for their owner and do not compare."""

COMPARABLE = frozenset({"digest", "pdq", *(algorithm.value for algorithm in DigestAlgorithm)})

TRUE = frozenset({"true", "1", "yes", "y"})
FALSE = frozenset({"false", "0", "no", "n"})
SILENT = frozenset({"", "null", "none", "n/a", "unknown"})


def truth(value: object, values: Values) -> bool | None:
    """What a source's truth value says. Absent is None, and so is what nobody can read (a reject)."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    if word not in SILENT:
        values.reject(RejectCode.UNREADABLE_TRUTH_VALUE)
    return None


def bounded_text(value: object, values: Values) -> str | None:
    """A short text without control characters, or None when there is nothing in it."""
    if value is None:
        return None
    text = str(value)[: 2 * TEXT_MAX]
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    text = text.strip()
    if len(text) > TEXT_MAX:
        values.reject(RejectCode.TEXT_CUT)
        text = text[:TEXT_MAX].rstrip()  # once bounded, a text stays as it is
    return text or None
