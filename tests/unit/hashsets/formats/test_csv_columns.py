"""Tables with one record a line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.csv_columns import read_csv
from hashsets.vocabulary import DigestAlgorithm, Opinion

ReadAll = Callable[..., Any]

MD5 = hashlib.md5(b"one").hexdigest()
SHA1 = hashlib.sha1(b"one").hexdigest()
SHA256 = hashlib.sha256(b"one").hexdigest()
ICSE = (
    "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
    "Number of submissions;File Available;Media Type;Baseline"
)


def test_the_icse_table(read_all: ReadAll) -> None:
    """Semicolons, twelve columns; PhotoDNA is kept and not compared."""
    row = f"{MD5.upper()};{SHA1};QUJD;4711;Yes;No;;Synthetic series;3;Yes;Image;Yes"
    (entry,) = read_all(read_csv, f"{ICSE}\n{row}\n").entries
    assert entry.key == "4711"
    assert {digest.algorithm for digest in entry.digests} == {DigestAlgorithm.MD5, DigestAlgorithm.SHA1}
    assert entry.opaque == (("photodna", "QUJD"),)
    assert entry.opinion == Opinion("baseline", "Synthetic series", victim_identified=False, distributed=True)


def test_absent_is_not_false(read_all: ReadAll) -> None:
    """An empty cell, a missing cell and a word nobody can read say nothing; the last is counted."""
    reading = read_all(read_csv, f"{ICSE}\n{MD5};;;1;;maybe\n")
    assert reading.entries[0].opinion == Opinion()
    assert reading.rejects == [(2, "unreadable-truth-value")]


def test_the_iped_table(read_all: ReadAll) -> None:
    """Any digest columns, with `set` and `status`."""
    (entry,) = read_all(read_csv, f'"md5","sha256","set","status"\n"{MD5}","{SHA256}","a|b","alert"\n').entries
    assert len(entry.digests) == 2
    assert entry.opinion == Opinion("alert", tags=("a", "b"))


@pytest.mark.parametrize("status", ["known", "alert"])
def test_a_status_of_iped_is_kept_as_it_was_written(status: str, read_all: ReadAll) -> None:
    """What it means is for a policy to say; columns of its own that we do not know are passed over."""
    content = f"edonkey,md5,sha1,sha256,sha512,set,status,MediaID\n{'0' * 32},{MD5},,,,s,{status},7\n"
    (entry,) = read_all(read_csv, content).entries
    assert (entry.key, entry.opinion) == ("7", Opinion(status, tags=("s",)))
    assert [digest.value.hex() for digest in entry.digests] == [MD5]


def test_a_photodna_of_icse_is_counted_even_where_nothing_else_is_given(read_all: ReadAll) -> None:
    """Kept for its owner, never compared: an entry without anything that could match."""
    (entry,) = read_all(read_csv, f"{ICSE}\n;;{'QUJD' * 48};4711;;;;;;;;No\n").entries
    assert (entry.digests, entry.opaque, entry.opinion) == ((), (("photodna", "QUJD" * 48),), Opinion())


@pytest.mark.parametrize("header", ["MD5", "Hash", '"file_id","hash"', "SHA-1,MD5,CRC32,FileName", "name\tMD5 Hash"])
def test_other_headers_of_the_field_are_recognised(header: str, read_all: ReadAll) -> None:
    """Case, blanks and punctuation do not matter."""
    cells = {"MD5": MD5, "Hash": MD5, '"hash"': MD5, "MD5 Hash": MD5, "SHA-1": SHA1, "CRC32": "0", '"file_id"': "9"}
    delimiter = "\t" if "\t" in header else ","
    row = delimiter.join(cells.get(name, "x") for name in header.split(delimiter))
    (entry,) = read_all(read_csv, f"{header}\n{row}\n").entries
    assert bytes.fromhex(MD5) in {digest.value for digest in entry.digests}


def test_an_explicit_map_rules(read_all: ReadAll) -> None:
    """Headers that nobody would guess, and a column that must not be taken."""
    content = f"md5,Wert,Klasse\n{hashlib.md5(b'two').hexdigest()},{MD5},7\n"
    (entry,) = read_all(read_csv, content, {"Wert": "md5", "klasse": "category"}).entries
    assert [digest.value.hex() for digest in entry.digests] == [MD5]
    assert entry.opinion.category == "7"


def test_a_table_without_headers_is_mapped_by_place(read_all: ReadAll) -> None:
    """Columns count from 1; the first line is a record."""
    entries = read_all(
        read_csv, f"x,{MD5}\ny,{hashlib.md5(b'two').hexdigest()}\n", {"2": "digest", "1": "key"}
    ).entries
    assert [entry.key for entry in entries] == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "columns", "code"),
    [
        ("a,b\n1,2\n", None, "no-value-column"),
        ("a,b\n1,2\n", {"a": "colour"}, "unknown-field"),
        ("a,b\n1,2\n", {"c": "md5"}, "unknown-column"),
        ("a,b\n1,2\n", {"a": "category"}, "no-value-column"),
        ("", None, "no-header"),
        ("md5\r,sha1\n", None, "no-header"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_whole(
    content: str, columns: dict[str, str] | None, code: str, read_all: ReadAll
) -> None:
    """Rather than imported as nothing."""
    with pytest.raises(HashSetError) as caught:
        read_all(read_csv, content, columns)
    assert caught.value.code == code


def test_bad_rows_are_counted_and_the_rest_is_read(read_all: ReadAll) -> None:
    """Wrong length, no hex, nothing at all, the empty file; a row with one good value is kept."""
    empty = hashlib.md5(b"").hexdigest()
    rows = [f"{MD5[:-2]},", f"zz,{SHA1}", ",", f"{empty},", f"{MD5},{SHA1}"]
    reading = read_all(read_csv, "md5,sha1\n" + "\n".join(rows) + "\n")
    assert [len(entry.digests) for entry in reading.entries] == [1, 2]
    assert reading.rejects == [
        (2, "wrong-length"),
        (3, "not-hex"),
        (4, "no-usable-value"),
        (5, "empty-file-digest"),
    ]


def test_an_open_quote_spoils_its_own_line_only(read_all: ReadAll) -> None:
    """A stray quote must not swallow the rest of a set."""
    other = hashlib.md5(b"two").hexdigest()
    reading = read_all(read_csv, f'md5,tags\n{MD5},"open\n{other},fine\n')
    assert [entry.digests[0].value.hex() for entry in reading.entries] == [MD5, other]


def test_long_and_unprintable_text_is_cut_and_cleaned(read_all: ReadAll) -> None:
    """Categories and tags end up on pages and in reports."""
    reading = read_all(read_csv, f"md5,category\n{MD5},{'k' * 3000}\x1b[31m\n")
    assert reading.entries[0].opinion.category == "k" * 1000
    assert reading.rejects == [(2, "text-cut")]
