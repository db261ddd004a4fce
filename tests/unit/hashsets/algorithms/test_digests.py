"""Digests of a stream of chunks."""

from __future__ import annotations

import hashlib

import pytest

from hashsets.algorithms.digests import EMPTY, DigestStream, is_empty
from hashsets.vocabulary import Digest, DigestAlgorithm


@pytest.mark.parametrize("size", [1, 7, 64, 4096, 100_000])
def test_chunks_do_not_matter(size: int) -> None:
    """Any way of cutting the bytes gives the digests of the whole."""
    whole = bytes(range(256)) * 391
    stream = DigestStream()
    for start in range(0, len(whole), size):
        stream.update(memoryview(whole)[start : start + size])
    digests = stream.finish()
    assert digests.md5 == hashlib.md5(whole).digest()
    assert digests.sha1 == hashlib.sha1(whole).digest()
    assert digests.sha256 == hashlib.sha256(whole).digest()


def test_digests_become_the_words_of_hash_sets() -> None:
    """One value per algorithm, each of its length."""
    stream = DigestStream()
    stream.update(b"benign")
    md5, sha1, sha256 = stream.finish().as_digests()
    assert [value.algorithm for value in (md5, sha1, sha256)] == list(DigestAlgorithm)
    assert sha256.value == hashlib.sha256(b"benign").digest()


def test_the_empty_file_is_known() -> None:
    """These three stand in sets by accident and must never match."""
    assert DigestStream().finish() == EMPTY
    assert EMPTY.md5.hex() == "d41d8cd98f00b204e9800998ecf8427e"
    assert EMPTY.sha1.hex() == "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert EMPTY.sha256.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert all(is_empty(digest) for digest in EMPTY.as_digests())


def test_other_files_are_not_empty() -> None:
    """Also not one of the same digest bytes under another algorithm's name."""
    assert not is_empty(Digest(DigestAlgorithm.MD5, hashlib.md5(b"0").digest()))
    assert not is_empty(Digest(DigestAlgorithm.MD5, EMPTY.sha1[:16]))
