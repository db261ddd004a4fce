"""Files of updates: key to record or tombstone, whole or refused."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.records import Read, Reject
from hashsets.formats.updates import CHECKPOINT_MAX, LINE_MAX, Retracted, read_updates
from hashsets.vocabulary import Digest, DigestAlgorithm, Opinion

MD5 = hashlib.md5(b"made up").hexdigest()
EMPTY = hashlib.md5(b"").hexdigest()
HEAD: dict[str, Any] = {"format": "updates 1"}


def document(*lines: object, head: object = HEAD, end: object = None) -> bytes:
    """Lines between a head and an end that counts them; text stands as it is."""
    listed = [head, *lines, {"updates": len(lines)} if end is None else end]
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in listed).encode()


def read(content: bytes) -> list[Read | Retracted | Reject]:
    return list(read_updates(io.BytesIO(content)).records)


def rejects(*lines: object) -> list[tuple[int, str]]:
    found = read(document(*lines))
    return [(one.position, one.code.value) for one in found if isinstance(one, Reject)]


def test_a_record_says_all_that_an_entry_holds() -> None:
    """Values as a text or a list, types without a field under `other`; absent differs from false."""
    line = {
        "key": "17",
        "md5": MD5,
        "pdq": ["0f" * 32, "f0" * 32],
        "photodna": "QUJD",
        "other": {"sha512": ["00"], "sha1": "11" * 20},
        "category": "us:1",
        "series": "Blue",
        "victim_identified": False,
        "distributed": None,
        "tags": ["a", "b, c"],
    }
    (found,) = read(document(line))
    assert isinstance(found, Read)
    assert found.position == 1
    assert found.entry.key == "17"
    assert found.entry.digests == (
        Digest(DigestAlgorithm.MD5, bytes.fromhex(MD5)),
        Digest(DigestAlgorithm.SHA1, b"\x11" * 20),
    )
    assert found.entry.fingerprints == (b"\x0f" * 32, b"\xf0" * 32)
    assert found.entry.opaque == (("photodna", "QUJD"), ("sha512", "00"))
    assert found.entry.opinion == Opinion("us:1", "Blue", victim_identified=False, tags=("a", "b, c"))


def test_a_tombstone_and_a_checkpoint() -> None:
    """The source's own word, or none."""
    updates = read_updates(io.BytesIO(document({"key": "18", "retracted": True}, head={**HEAD, "checkpoint": "c 7"})))
    assert updates.checkpoint == "c 7"
    assert list(updates.records) == [Retracted(1, "18")]
    assert read_updates(io.BytesIO(document())).checkpoint is None


def test_blank_lines_a_mark_and_line_ends_of_another_system_change_nothing() -> None:
    """Nor do they count as updates."""
    content = document({"key": "a", "md5": MD5}, {"key": "b", "retracted": True})
    expected = read(content)
    assert read(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n\r\n")) == expected
    assert read(content.decode().encode("utf-16")) == expected


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[" * 50_000,
        "7",
        "9" * 5000,
        {"md5": MD5},
        {"key": "", "md5": MD5},
        {"key": 7, "md5": MD5},
        {"key": "a", "retracted": "yes"},
        {"key": "a", "retracted": False},
        {"key": "a", "retracted": True, "md5": MD5},
    ],
    ids=str,
)
def test_a_line_that_is_no_update_is_one_reject(line: object) -> None:
    """A tombstone with a record is neither; the lines around it are taken."""
    found = read(document({"key": "x", "md5": MD5}, line, {"key": "y", "retracted": True}))
    assert [(type(one), one.position) for one in found] == [(Read, 1), (Reject, 2), (Retracted, 3)]
    assert rejects(line) == [(1, "not-a-record")]


def test_a_line_without_end_is_passed_over() -> None:
    """In bounded memory, and the next one is read."""
    line = json.dumps({"key": "a", "md5": MD5, "series": "x" * LINE_MAX})
    found = read(document(line, {"key": "b", "retracted": True}))
    assert [(type(one), one.position) for one in found] == [(Reject, 1), (Retracted, 2)]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"md5": [MD5, "zz"]}, ["not-hex"]),
        ({"md5": [MD5, MD5[:30]]}, ["wrong-length"]),
        ({"md5": MD5, "sha1": MD5}, ["wrong-length"]),
        ({"md5": [MD5, EMPTY]}, ["empty-file-digest"]),
        ({"md5": [MD5, 7, None]}, ["unreadable-field"]),
        ({"md5": MD5, "catgory": "us:1"}, ["unknown-field"]),
        ({"md5": MD5, "category": 1}, ["unreadable-field"]),
        ({"md5": MD5, "other": ["photodna"]}, ["unreadable-field"]),
        ({"md5": MD5, "other": {"": "x", "edk": "y"}}, ["unreadable-field"]),
        ({"md5": MD5, "photodna": "\ud800"}, ["unreadable-field"]),
        ({"md5": MD5, "distributed": "perhaps"}, ["unreadable-truth-value"]),
        ({"md5": MD5, "series": "x" * 1001}, ["text-cut"]),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_field_is_counted_and_the_rest_is_taken(fields: object, codes: list[str]) -> None:
    """The reject follows the update that it concerns."""
    assert isinstance(fields, dict)
    first, *others = read(document({"key": "a", **fields}))
    assert isinstance(first, Read)
    assert [(one.position, one.code.value) for one in others if isinstance(one, Reject)] == [
        (1, code) for code in codes
    ]


def test_a_record_of_which_nothing_can_be_used_says_so_and_why() -> None:
    """It neither changes nor retracts its key."""
    assert rejects({"key": "a", "md5": "zz"}, {"key": "b"}) == [
        (1, "no-usable-value"),
        (1, "not-hex"),
        (2, "no-usable-value"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "nothing-to-read"),
        (b"\n \n", "nothing-to-read"),
        (f"{MD5}\n".encode(), "updates-head-missing"),
        (document(head={"format": "updates 2"}), "updates-head-missing"),
        (document(head={**HEAD, "checkpoint": 7}), "updates-checkpoint-unusable"),
        (document(head={**HEAD, "checkpoint": "x" * (CHECKPOINT_MAX + 1)}), "updates-checkpoint-unusable"),
        (document({"key": "a", "md5": MD5}, end=""), "updates-broken-off"),
        (document({"key": "a", "md5": MD5})[:-3], "updates-broken-off"),
        (document({"key": "a", "md5": MD5}, end={"updates": 2}), "updates-end-wrong"),
        (document(end={"updates": None}), "updates-end-wrong"),
        (document(end={"updates": 0}) + b"more\n", "updates-end-wrong"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_as_a_whole(content: bytes, code: str) -> None:
    """Half of the updates would leave in force what the source has retracted."""
    with pytest.raises(HashSetError) as caught:
        read(content)
    assert caught.value.code == code
    assert MD5 not in caught.value.sentence


def test_a_record_that_lists_very_many_values_is_read_at_once() -> None:
    """Each is looked for once; comparing all with all would take a minute for this one line."""
    values = [hashlib.md5(str(number).encode()).hexdigest() for number in range(20_000)]
    (found,) = read(document({"key": "a", "md5": [*values, values[0]]}))
    assert isinstance(found, Read)
    assert len(found.entry.digests) == 20_000
