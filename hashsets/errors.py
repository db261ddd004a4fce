"""What goes wrong in the room of known hashes. Codes are stable; sentences carry no values and no file names."""

from __future__ import annotations


class HashSetError(Exception):
    """A set, a release or an index cannot be used; `code` is stable and documented in the room's README."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Damaged(HashSetError, ValueError):
    """A file of an index or a release is changed, truncated or missing; nothing may be answered from it."""
