"""VICS 2.0 hash sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hashsets.vocabulary import Entry, Opinion
from hashsets.writers.vics import scheme_of_most

Write = Callable[..., Any]
Digests = Callable[[str], Any]


def test_a_record_has_the_shape_that_readers_know(write: Write, digests: Digests) -> None:
    """Upper-case digits, PhotoDNA in its own field, the rest among the alternative hashes; absent is not written."""
    opinion = Opinion("us:1", "Series A", victim_identified=True, distributed=False, tags=("one", "two"))
    md5, sha1, sha256 = digests("one")
    opaque = (("photodna", "QUJD"), ("edk", "00ff"))
    text, tally = write("vics", Entry("501", (md5, sha1, sha256), (b"\xab" * 32,), opinion, opaque))
    document = json.loads(text)
    assert document["@odata.context"].endswith("/2.0.xml/US/$metadata#Media")
    hexadecimal = md5.value.hex().upper()
    assert document["value"] == [
        {
            "MediaID": 501,
            "Category": 1,
            "MD5": hexadecimal,
            "SHA1": sha1.value.hex().upper(),
            "PhotoDNA": "QUJD",
            "VictimIdentified": True,
            "IsDistributed": False,
            "Series": "Series A",
            "Tags": "one,two",
            "AlternativeHashes": [
                {"MD5": hexadecimal, "HashName": "SHA256", "HashValue": sha256.value.hex().upper()},
                {"MD5": hexadecimal, "HashName": "PDQ", "HashValue": "ab" * 32},
                {"MD5": hexadecimal, "HashName": "EDK", "HashValue": "00ff"},
            ],
        }
    ]
    assert tally.lost == {}


def test_an_entry_without_md5_has_an_empty_one(write: Write) -> None:
    """As some tools of the field write it; a reader that looks for the name finds it."""
    (media,) = json.loads(write("vics", Entry("1", (), (bytes(32),)))[0])["value"]
    assert (media["MD5"], media["Category"]) == ("", None)


@pytest.mark.parametrize(
    ("key", "number", "lost"),
    [("501", 501, {}), ("7#2", 7, {}), ("0", 0, {}), ("v-0f", 1, {}), ("a7", 1, {"key": 1}), ("007", 1, {"key": 1})],
)
def test_media_ids_are_the_sources_own_where_they_can_be(key: str, number: int, lost: Any, write: Write) -> None:
    """Whole numbers; otherwise the place in the document. `7#2` is our name for a second 7."""
    text, tally = write("vics", Entry(key, (), (bytes(32),)))
    assert (json.loads(text)["value"][0]["MediaID"], tally.lost) == (number, lost)


def test_a_document_has_one_list_of_categories(write: Write, digests: Digests) -> None:
    """That of most entries; what others mean by a number cannot stand beside it."""
    said = ["uk:1", "uk:2", "us:1", "baseline", None]
    entries = [Entry(str(n), digests(str(n))[:1], (), Opinion(category)) for n, category in enumerate(said)]
    text, tally = write("vics", *entries)
    document = json.loads(text)
    assert "/UK/" in document["@odata.context"]
    assert [media["Category"] for media in document["value"]] == [1, 2, None, None, None]
    assert tally.lost == {"category": 2}


def test_the_scheme_of_most_entries_counts() -> None:
    """Not of most categories; none that can be written gives the region that declares nothing."""
    assert scheme_of_most({"us:1": 5, "uk:1": 2, "uk:2": 2}) == "us"
    assert scheme_of_most({"": 9, "baseline": 3, "us:1000": 4}) == "vics"


def test_no_entries_are_a_document_too(write: Write) -> None:
    """Well-formed to the end."""
    assert json.loads(write("vics")[0])["value"] == []
