"""Files of updates as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.updates import LINE_MAX
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion
from hashsets.writers.updates import write_updates

DIGEST = Digest(DigestAlgorithm.MD5, b"\x11" * 16)


def test_only_what_is_said_is_written(tmp_path: Path) -> None:
    """A line each, between a head with the checkpoint and an end that counts."""
    entry = Entry("17", (DIGEST,), (), Opinion("us:1"), (("photodna", "QUJD"), ("edk", "x")))
    assert write_updates([("17", entry), ("18", None)], tmp_path / "out", "c 7") == 2
    assert (tmp_path / "out").read_text().splitlines() == [
        '{"format":"updates 1","checkpoint":"c 7"}',
        '{"key":"17","md5":["' + "11" * 16 + '"],"photodna":["QUJD"],"other":{"edk":["x"]},"category":"us:1"}',
        '{"key":"18","retracted":true}',
        '{"updates":2}',
    ]


@pytest.mark.parametrize(
    "entry",
    [Entry("a", (DIGEST,), opinion=Opinion(tags=("x" * LINE_MAX,))), Entry("a" * 1001, (DIGEST,))],
    ids=["line", "key"],
)
def test_what_no_reader_would_take_is_not_written(entry: Entry, tmp_path: Path) -> None:
    """A file that leaves something out would lead to another release than it says."""
    with pytest.raises(HashSetError) as caught:
        write_updates([(entry.key, entry)], tmp_path / "out", None)
    assert caught.value.code == "update-too-long"
