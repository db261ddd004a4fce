"""Plain lists, one value a line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from hashsets.formats.plain_list import read_list, read_pdq_list
from hashsets.vocabulary import Digest, DigestAlgorithm

ReadAll = Callable[..., Any]

MD5 = hashlib.md5(b"one").hexdigest()
SHA1 = hashlib.sha1(b"one").hexdigest()
SHA256 = hashlib.sha256(b"one").hexdigest()
PDQ = hashlib.sha256(b"a synthetic fingerprint").hexdigest()


def digest(algorithm: DigestAlgorithm, text: str) -> Digest:
    return Digest(algorithm, bytes.fromhex(text))


@pytest.mark.parametrize(
    "line",
    [
        MD5,
        MD5.upper(),
        f"  {MD5}  ",
        f"{MD5}  a name with blanks.jpg",
        f"{MD5} *binary.jpg",
        f"\\{MD5}  a\\nname",
        f"{MD5},name.jpg",
        f"{MD5};name.jpg",
        f"{MD5}\tname.jpg",
        f"MD5 (a name (1).jpg) = {MD5}",
        f"md5 {MD5}",
        f"MD5: {MD5}",
    ],
)
def test_every_way_to_write_one_digest_is_read(line: str, read_all: ReadAll) -> None:
    """md5sum in text and binary mode, BSD style, a prefix, and what people paste."""
    reading = read_all(read_list, line + "\n")
    assert [entry.digests for entry in reading.entries] == [(digest(DigestAlgorithm.MD5, MD5),)]
    assert reading.rejects == []


def test_digests_are_told_by_their_length(read_all: ReadAll) -> None:
    """MD5, SHA-1 and SHA-256 in one file."""
    entries = read_all(read_list, f"{MD5}\n{SHA1}\n{SHA256}\n").entries
    assert [entry.digests[0].algorithm for entry in entries] == list(DigestAlgorithm)


def test_pdq_needs_its_prefix(read_all: ReadAll) -> None:
    """64 digits alone are SHA-256; python-threatexchange's `pdq <hex>` is PDQ."""
    entries = read_all(read_list, f"{PDQ}\npdq {PDQ}\nPDQ,{PDQ}\n").entries
    assert [len(entry.digests) for entry in entries] == [1, 0, 0]
    assert [entry.fingerprints for entry in entries] == [(), (bytes.fromhex(PDQ),), (bytes.fromhex(PDQ),)]


def test_or_a_file_that_is_declared_as_a_pdq_list(read_all: ReadAll) -> None:
    """In the format `pdq-list` bare values of 64 digits are PDQ; shorter ones are still digests."""
    entries = read_all(read_pdq_list, f"{PDQ}\n{MD5}\n").entries
    assert entries[0].fingerprints == (bytes.fromhex(PDQ),)
    assert entries[1].digests == (digest(DigestAlgorithm.MD5, MD5),)


def test_types_that_we_cannot_compare_are_kept_for_their_owner(read_all: ReadAll) -> None:
    """PhotoDNA and SHA-512 are counted, never compared."""
    photodna, sha512 = "ab" * 144, hashlib.sha512(b"one").hexdigest()
    entries = read_all(read_list, f"photodna {photodna}\n{photodna}\n{sha512}\n").entries
    assert [entry.opaque for entry in entries] == [
        (("photodna", photodna),),
        (("photodna", photodna),),
        (("sha512", sha512),),
    ]
    assert not any(entry.digests or entry.fingerprints for entry in entries)


def test_comments_and_blank_lines_are_no_rejects(read_all: ReadAll) -> None:
    """`#`, and the `%` headers of md5deep."""
    reading = read_all(read_list, f"# note\n\n%%%% HASHDEEP-1.0\n   \n{MD5}\n")
    assert (len(reading.entries), reading.rejects) == (1, [])


def test_bad_lines_are_counted_at_their_place_and_the_rest_is_read(read_all: ReadAll) -> None:
    """A truncated value, no hex, the empty file, a PDQ of another length, an endless line."""
    empty = hashlib.md5(b"").hexdigest()
    content = f"{MD5[:-1]}\nnot a value\n{empty}\npdq {MD5}\n{'a' * 70_000}\nmd5 {SHA1}\n{MD5[:-2]}\n{MD5}\n"
    reading = read_all(read_list, content)
    assert reading.rejects == [
        (1, "not-hex"),
        (2, "not-hex"),
        (3, "empty-file-digest"),
        (4, "wrong-length"),
        (5, "line-too-long"),
        (6, "wrong-length"),
        (7, "wrong-length"),
    ]
    assert len(reading.entries) == 1


def test_keys_are_the_same_in_every_release_and_do_not_show_the_value(read_all: ReadAll) -> None:
    """A list gives no keys; a re-ordered list must not look like a new one."""
    first = [entry.key for entry in read_all(read_list, f"{MD5}\n{SHA1}\n").entries]
    second = [entry.key for entry in read_all(read_list, f"# new\n{SHA1.upper()}  name\n{MD5}\n").entries]
    assert sorted(first) == sorted(second)
    assert not any(MD5[:8] in key or SHA1[:8] in key for key in first)
