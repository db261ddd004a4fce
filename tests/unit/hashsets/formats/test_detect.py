"""Telling which format a file is in."""

from __future__ import annotations

import hashlib

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, detect, format_named

MD5 = hashlib.md5(b"one").hexdigest()


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (f"{MD5}\n", "list"),
        (f"# my list\n\n{MD5}  name\n", "list"),
        (f"pdq {MD5 * 2}\n", "list"),
        (f"MD5 (x) = {MD5}\n", "list"),
        (f"{MD5},name\n", "list"),
        (f"\ufeff{MD5}\n", "list"),
        ("md5\n", "csv"),
        ("MD5;SHA1;PhotoDNA;Image ID\n", "csv"),
        ('"md5","set"\n', "csv"),
        ('{"@odata.context":"x"', "vics"),
        ('\ufeff{ "value": [', "vics"),
    ],
)
def test_formats_are_told_by_their_beginning(head: str, name: str) -> None:
    """Lists, tables with a header, documents."""
    assert detect(head.encode()).name == name


def test_utf_16_is_seen_through() -> None:
    """A document as some Windows tools write it."""
    assert detect('{"value":['.encode("utf-16")).name == "vics"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "nothing-to-read"),
        (b"# only a note\n\n", "nothing-to-read"),
        (b"colour,shape\nred,round\n", "format-unknown"),
        (b"Dear colleague,\n", "format-unknown"),
        (b"\x89PNG\r\n\x1a\n", "format-unknown"),
        (b"SQLite format 3\x00 and no path to look further", "format-unknown"),
        (b'{"unrelated": 1}', "format-unknown"),
    ],
)
def test_what_is_not_recognised_is_not_guessed(head: bytes, code: str) -> None:
    """Nothing is imported by mistake."""
    with pytest.raises(HashSetError) as caught:
        detect(head)
    assert caught.value.code == code


def test_formats_are_found_by_name() -> None:
    """Each by its own; an unknown name is an error that lists them."""
    assert [format_named(known.name) for known in FORMATS] == list(FORMATS)
    with pytest.raises(HashSetError, match="vics"):
        format_named("excel")
