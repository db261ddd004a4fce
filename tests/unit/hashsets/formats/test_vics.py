"""VICS 1.1 to 1.3 and 2.0: every trap that others have met is a test. All values are synthetic."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.vics import read_vics
from hashsets.vocabulary import DigestAlgorithm, Opinion

ReadAll = Callable[..., Any]

MD5 = hashlib.md5(b"one").hexdigest()
SHA1 = hashlib.sha1(b"one").hexdigest()
SHA256 = hashlib.sha256(b"one").hexdigest()
PHOTODNA = "QUJD" * 48  # 192 characters, as 144 bytes in base64 are
V2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#{kind}"
V1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.{minor}.xml#{kind}"


def hash_set(*media: object, region: str = "US") -> str:
    return json.dumps({"@odata.context": V2.format(region=region, kind="Media"), "value": list(media)})


def media(**fields: object) -> dict[str, object]:
    return {"MediaID": 1, "Category": 1, "MD5": MD5.upper(), **fields}


@pytest.mark.parametrize("minor", [1, 2, 3])
def test_a_set_of_version_1(minor: int, read_all: ReadAll) -> None:
    """Navigation links beside every array, PhotoDNA among the alternative hashes, sizes as strings."""
    document = {
        "odata.metadata": V1.format(minor=minor, kind="Media"),
        "value": [
            {
                "odata.id": f'Media("{MD5}")',
                "AlternativeHashes@odata.navigationLinkUrl": "/Media/AlternativeHashes",
                "AlternativeHashes": [{"MD5": MD5, "HashName": "PhotoDNA", "HashValue": PHOTODNA}],
                "MediaFiles": [{"MD5": "ff" * 16, "FileName": "IMG.JPG", "FilePath": "DCIM"}],
                **media(SHA1=SHA1, MediaSize="19", VictimIdentified=None),
            }
        ],
    }
    (entry,) = read_all(read_vics, json.dumps(document)).entries
    assert [(digest.algorithm, digest.value.hex()) for digest in entry.digests] == [
        (DigestAlgorithm.MD5, MD5),
        (DigestAlgorithm.SHA1, SHA1),
    ]
    assert entry.opaque == (("photodna", PHOTODNA),)
    assert entry.opinion == Opinion("vics:1")


@pytest.mark.parametrize(
    ("region", "category"), [("US", "us:2"), ("UK", "uk:2"), ("Default", "vics:2"), ("CUSTOM", "vics:2")]
)
def test_a_category_is_named_with_the_regions_scheme(region: str, category: str, read_all: ReadAll) -> None:
    """2 means one thing in one region's list and another in the next's."""
    (entry,) = read_all(read_vics, hash_set(media(Category=2), region=region)).entries
    assert entry.opinion.category == category


def test_nists_caid_document(read_all: ReadAll) -> None:
    """Version 1.2 with few fields and category 8."""
    document = {
        "odata.metadata": V1.format(minor=2, kind="Media"),
        "value": [media(Category=8, SHA1=SHA1, MediaID=0, MediaSize="19", MediaFiles=[{"MD5": MD5}])],
    }
    (entry,) = read_all(read_vics, json.dumps(document)).entries
    assert (entry.key, entry.opinion.category) == ("0", "vics:8")


def test_nists_document_as_it_is_published(read_all: ReadAll) -> None:
    """Version 1.2 without a victim, a series or a date: what is absent says nothing."""
    record = {
        "odata.id": f'Media("{MD5}")',
        "MediaFiles": [{"MD5": MD5.upper(), "FileName": "setup.exe", "FilePath": "a\\b"}],
        "MediaID": 1,
        "MD5": MD5.upper(),
        "SHA1": SHA1.upper(),
        "Category": 8,
        "MediaSize": "19",
    }
    reading = read_all(read_vics, json.dumps({"odata.metadata": V1.format(minor=2, kind="Media"), "value": [record]}))
    assert [entry.opinion for entry in reading.entries] == [Opinion("vics:8")]
    assert [digest.value.hex() for digest in reading.entries[0].digests] == [MD5, SHA1]
    assert reading.rejects == []


def test_a_document_of_another_shape_gives_nothing(read_all: ReadAll) -> None:
    """One tool writes `HashSets` of `Hashes`, which nobody else reads: no entry, so that an import refuses it."""
    document = {"version": "2.1", "generator": "ProjectVIC", "HashSets": [{"Hashes": [{"MD5": MD5, "Category": 1}]}]}
    assert read_all(read_vics, json.dumps(document)).records == []


@pytest.mark.parametrize("media_first", [True, False])
def test_a_case_document_lists_media_one_level_deeper(read_all: ReadAll, *, media_first: bool) -> None:
    """Wherever in the case its media stand, and in however many cases."""
    facts: dict[str, object] = {"CaseID": "x", "CaseMetadata": [{"PropertyName": "a", "PropertyValue": "b"}]}
    listed: dict[str, object] = {
        "Media": [media(Category=None), media(MediaID=2, MD5=hashlib.md5(b"two").hexdigest())]
    }
    case = listed | facts if media_first else facts | listed
    document = {
        "@odata.context": V2.format(region="US", kind="Cases"),
        "value": [case, {"Media": [media(MediaID=3)]}],
    }
    entries = read_all(read_vics, json.dumps(document)).entries
    assert [(entry.key, entry.opinion.category) for entry in entries] == [("1", None), ("2", "us:1"), ("3", "us:1")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        ("True", True),
        (1, True),
        (0, False),
        ("0", False),
        ("", None),
        (None, None),
        ("null", None),
    ],
)
def test_truth_values_in_every_spelling(written: object, meant: object, read_all: ReadAll) -> None:
    """`bool("false")` was a real bug; absent is not false."""
    reading = read_all(read_vics, hash_set(media(VictimIdentified=written)))
    assert reading.entries[0].opinion.victim_identified is meant
    assert reading.entries[0].opinion.offender_identified is None
    assert reading.rejects == []


def test_a_truth_value_that_nobody_can_read_is_counted(read_all: ReadAll) -> None:
    """And says nothing."""
    reading = read_all(read_vics, hash_set(media(IsDistributed="perhaps")))
    assert reading.entries[0].opinion.distributed is None
    assert reading.rejects == [(1, "unreadable-truth-value")]


def test_being_precategorised_is_no_verdict(read_all: ReadAll) -> None:
    """Thousands of entries were marked so while their category was null."""
    (entry,) = read_all(read_vics, hash_set(media(Category=None, IsPrecategorized=True, IsSuspected=True))).entries
    assert entry.opinion == Opinion()


@pytest.mark.parametrize(("written", "meant"), [(0, "us:0"), ("3", "us:3"), (None, None), ("", None)])
def test_categories_as_numbers_strings_and_nothing(written: object, meant: str | None, read_all: ReadAll) -> None:
    """Zero is a category: uncategorised but known."""
    reading = read_all(read_vics, hash_set(media(Category=written)))
    assert reading.entries[0].opinion.category == meant
    assert reading.rejects == []


@pytest.mark.parametrize("written", ["A", -1, 1.5, 10**30, [1], {"x": 1}])
def test_a_category_that_is_none_is_counted(written: object, read_all: ReadAll) -> None:
    """The entry is kept without it."""
    reading = read_all(read_vics, hash_set(media(Category=written)))
    assert reading.entries[0].opinion.category is None
    assert reading.rejects == ([] if isinstance(written, list | dict) else [(1, "unreadable-category")])


def test_photodna_in_its_new_place_and_its_old_one_is_one_value(read_all: ReadAll) -> None:
    """Version 2.0 moved it; some exporters write both."""
    old = [{"HashName": "PhotoDNA", "HashValue": PHOTODNA}, {"HashName": "EDK", "HashValue": "ab" * 16}]
    (entry,) = read_all(read_vics, hash_set(media(PhotoDNA=PHOTODNA, AlternativeHashes=old))).entries
    assert entry.opaque == (("photodna", PHOTODNA), ("edk", "ab" * 16))
    assert entry.fingerprints == ()


@pytest.mark.parametrize("written", [PHOTODNA, "0a" * 144, "0A" * 144])
def test_photodna_in_base64_or_hex_is_kept_as_it_was_written(written: str, read_all: ReadAll) -> None:
    """144 bytes either way. Nobody here can compare them, so nobody here converts them."""
    (entry,) = read_all(read_vics, hash_set(media(PhotoDNA=written))).entries
    assert entry.opaque == (("photodna", written),)


def test_digests_among_the_alternative_hashes_are_taken(read_all: ReadAll) -> None:
    """SHA-256 in either spelling, and a PDQ where somebody writes one."""
    others = [{"HashName": "SHA-256", "HashValue": SHA256}, {"HashName": "PDQ", "HashValue": SHA256}]
    (entry,) = read_all(read_vics, hash_set(media(AlternativeHashes=others))).entries
    assert [digest.algorithm for digest in entry.digests] == [DigestAlgorithm.MD5, DigestAlgorithm.SHA256]
    assert entry.fingerprints == (bytes.fromhex(SHA256),)


@pytest.mark.parametrize(
    "odd", [{}, [], "", None, "x", 7, [None, 3, "x", {}], {"HashName": None, "HashValue": {}}, [{"HashName": ["a"]}]]
)
def test_alternative_hashes_of_any_shape_spoil_nothing(odd: object, read_all: ReadAll) -> None:
    """The record's own digest is still taken."""
    (entry,) = read_all(read_vics, hash_set(media(AlternativeHashes=odd))).entries
    assert len(entry.digests) == 1


@pytest.mark.parametrize("size", [19, "19", None, "", 1.5, "19 bytes", 10**20])
@pytest.mark.parametrize(
    "date",
    [
        "2024-05-01T02:31:49Z",
        "2024-05-01T02:31:49-05:00",
        "2024-05-01T02:31:49+01:00Z",
        "/Date(1714530709000)/",
        None,
    ],
)
def test_sizes_and_dates_in_every_spelling_spoil_nothing(size: object, date: object, read_all: ReadAll) -> None:
    """They are not read at all."""
    reading = read_all(read_vics, hash_set(media(MediaSize=size, DateUpdated=date)))
    assert (len(reading.entries), reading.rejects) == (1, [])


@pytest.mark.parametrize("total", [0, 1, 7, "many", None])
def test_the_stated_totals_are_not_believed(total: object, read_all: ReadAll) -> None:
    """One tool counts entries there, another distinct MD5 values: what counts is the list itself."""
    case = {"TotalMediaFiles": total, "TotalPrecategorized": total, "Media": [media(), media(MediaID=2)]}
    document = {"@odata.context": V2.format(region="US", kind="Cases"), "value": [case]}
    assert len(read_all(read_vics, json.dumps(document)).entries) == 2


def test_several_records_of_one_file_are_several_entries(read_all: ReadAll) -> None:
    """Exporters store one copy for an MD5 that many records name; each record's verdict stands."""
    reading = read_all(read_vics, hash_set(*(media(MediaID=number, Category=number) for number in range(3))))
    assert [(entry.key, entry.opinion.category) for entry in reading.entries] == [
        (str(number), f"us:{number}") for number in range(3)
    ]


@pytest.mark.parametrize("name", ["md5", "MD5", "Md5"])
@pytest.mark.parametrize("written", [MD5, MD5.upper(), f" {MD5} "])
def test_names_and_digits_in_either_case(name: str, written: str, read_all: ReadAll) -> None:
    """Distributed sets write capitals, exports often small letters."""
    reading = read_all(read_vics, hash_set({"MediaID": 1, name: written}))
    assert reading.entries[0].digests[0].value.hex() == MD5


def test_answers_that_are_alike_but_not_the_same_are_told_apart(read_all: ReadAll) -> None:
    """Short answers are remembered: 1, true, "1" and 1.0 must not be taken for one another."""
    written = [1, True, "1", 1.0, 0, False, None, ""]
    for order in (written, written[::-1]):
        reading = read_all(read_vics, hash_set(*(media(MediaID=str(at), Category=c) for at, c in enumerate(order))))
        found = [entry.opinion.category for entry in reading.entries]
        expected = {"1": "us:1", "True": None, "'1'": "us:1", "1.0": None, "0": "us:0"}
        assert found == [expected.get(repr(value)) for value in order]
        assert [code for _, code in reading.rejects] == ["unreadable-category"]


def test_metadata_of_other_peoples_cases_is_not_read(read_all: ReadAll) -> None:
    """A position or a path in a hash set must never end up on a seized file."""
    exifs = [{"PropertyName": "Lat/Lon", "PropertyValue": "12.5/-45.25"}]
    files = [{"MD5": "ee" * 16, "FileName": "SECRET.JPG", "FilePath": "C:\\people"}]
    (entry,) = read_all(
        read_vics,
        hash_set(
            media(Exifs=exifs, MediaMetadata=exifs, MediaFiles=files, RelativeFilePath="a\\b", Comments="remark")
        ),
    ).entries
    kept = repr(entry)
    assert not any(word in kept for word in ("12.5", "SECRET", "people", "remark", "ee" * 16))


@pytest.mark.parametrize(
    ("series", "tags", "expected_series", "expected_tags"),
    [
        ("S1", "a, b ,,c", "S1", ("a", "b", "c")),
        (["S1", "S2"], ["a", None, "b"], "S1, S2", ("a", "b")),
        ({"Name": "S1"}, [{"Name": "a"}, {"Other": 1}], "S1", ("a",)),
        (None, None, None, ()),
        ("", "", None, ()),
        (17, 18, "17", ("18",)),
    ],
)
def test_series_and_tags_of_every_shape(
    series: object, tags: object, expected_series: str | None, expected_tags: tuple[str, ...], read_all: ReadAll
) -> None:
    """A string with commas, a list, objects, numbers."""
    (entry,) = read_all(read_vics, hash_set(media(Series=series, Tags=tags))).entries
    assert (entry.opinion.series, entry.opinion.tags) == (expected_series, expected_tags)


def test_bad_records_are_counted_at_their_place_and_the_rest_is_read(read_all: ReadAll) -> None:
    """No record, no value, an empty MD5, a short one, the empty file; one good value keeps a record."""
    empty = hashlib.md5(b"").hexdigest()
    reading = read_all(
        read_vics,
        hash_set(
            media(MediaID=1, MD5=""),
            media(MediaID=2, MD5=MD5[:-2]),
            media(MediaID=3, MD5="zz" * 16),
            media(MediaID=4, MD5=empty),
            media(MediaID=5, MD5="", SHA1=SHA1),
            media(MediaID=6, MD5=None),
            media(MediaID=7, MD5=SHA1),
            media(MediaID=8, MD5=empty, SHA1=SHA1),
            media(MediaID=9),
        ),
    )
    assert [entry.key for entry in reading.entries] == ["5", "8", "9"]
    assert reading.rejects == [
        (1, "no-usable-value"),
        (2, "wrong-length"),
        (3, "not-hex"),
        (4, "empty-file-digest"),
        (6, "no-usable-value"),
        (7, "wrong-length"),
        (8, "empty-file-digest"),
    ]


def test_things_that_are_no_records_are_counted(read_all: ReadAll) -> None:
    """Among records: numbers, strings, lists, null."""
    reading = read_all(read_vics, hash_set(media(), 3, "x", [media()], None, media(MediaID=2)))
    assert [entry.key for entry in reading.entries] == ["1", "2"]
    assert reading.rejects == [(position, "not-a-record") for position in (2, 3, 4, 5)]


def test_a_record_without_an_id_gets_a_stable_key(read_all: ReadAll) -> None:
    """Derived from its values."""
    first, second = (read_all(read_vics, hash_set(media(MediaID=None))).entries[0].key for _ in range(2))
    assert first == second
    assert first.startswith("v-")


def test_a_name_written_twice_in_a_record_does_not_spoil_it(read_all: ReadAll) -> None:
    """JSON allows it; the last one counts."""
    reading = read_all(read_vics, f'{{"value":[{{"MediaID":1,"MediaID":2,"MD5":"{MD5}"}}]}}')
    assert [entry.key for entry in reading.entries] == ["2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_and_utf_16(encoding: str, read_all: ReadAll) -> None:
    """As Windows tools write them."""
    assert len(read_all(read_vics, hash_set(media(Tags="müde")).encode(encoding)).entries) == 1


def test_bytes_that_are_no_utf_8_spoil_no_digest(read_all: ReadAll) -> None:
    """A comment in another encoding within a document of UTF-8."""
    raw = hash_set(media(Tags="m?de", Comments="??")).encode().replace(b"?", b"\xfc")
    (entry,) = read_all(read_vics, raw).entries
    assert (entry.opinion.tags, len(entry.digests)) == (("m\ufffdde",), 1)


def test_a_document_that_breaks_off_is_refused(read_all: ReadAll) -> None:
    """Half a set in force would miss in silence. The error names the record and shows nothing of the document."""
    whole = hash_set(media(), media(MediaID=2), media(MediaID=3, Tags="synthetic"))
    for cut in (len(whole) - 1, len(whole) - 30, len(whole) // 2, 150):
        with pytest.raises(HashSetError) as caught:
            read_all(read_vics, whole[:cut])
        assert caught.value.code == "json-broken"
        assert not any(piece in caught.value.sentence for piece in (MD5[:8], MD5[:8].upper(), "synthetic"))
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("spoil", ["}{", '"', "nul", "\x00"])
def test_a_document_that_is_no_json_is_refused(spoil: str, read_all: ReadAll) -> None:
    """With a code, not with the parser's own words."""
    with pytest.raises(HashSetError) as caught:
        read_all(read_vics, hash_set(media()).replace('"Category"', f'{spoil}"Category"'))
    assert caught.value.code == "json-broken"


def test_nesting_without_end_is_refused(read_all: ReadAll) -> None:
    """Before it fills the memory."""
    for opening in ("[", '{"a":'):
        with pytest.raises(HashSetError) as caught:
            read_all(read_vics, '{"value":[{"Tags":' + opening * 1_000_000)
        assert caught.value.code == "json-too-deep"


def test_a_record_without_end_is_refused(read_all: ReadAll) -> None:
    """One string, or one list of small things, beyond any honest record."""
    for endless in ('"' + "a" * (17 << 20), "[" + '{"a":1},' * (17 << 17)):
        with pytest.raises(HashSetError) as caught:
            read_all(read_vics, f'{{"value":[{{"MD5":"{MD5}","Comments":{endless}')
        assert caught.value.code == "json-record-too-long"
