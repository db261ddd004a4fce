"""VICS 2.0 hash sets, as the field's readers take them. The standard is closed: plausible, never certified.

Digits are upper case, as in distributed sets; MD5 is an empty text where an entry has none. PhotoDNA stands in its
own field, every other value beyond the first MD5 and SHA-1 among `AlternativeHashes`. A document declares one region,
and thereby one list of categories: that of most entries. Categories of other schemes are left out and counted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hashsets.vocabulary import Entry, Opinion
from hashsets.writers.seam import Outline, Tally

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#Media"
WITHOUT_REGION = "vics"
CATEGORY = re.compile(r"(?P<scheme>[a-z]{2,10}):(?P<number>0|[1-9][0-9]{0,2})")
MEDIA_ID = re.compile(r"(?P<number>0|[1-9][0-9]{0,8})(#[0-9]+)?")
"""Whole numbers, as `MediaID` is one, small enough for every reader; `7#2` is our name for a repeated 7."""

HASH_NAMES: Mapping[str, str] = {"photodna": "PhotoDNA"}


def write_vics(entries: Iterable[Entry], path: Path, outline: Outline) -> Tally:
    """Write a new document, record by record."""
    tally = Tally()
    scheme = scheme_of_most(outline.categories)
    region = "Default" if scheme == WITHOUT_REGION else scheme.upper()
    head = json.dumps({"@odata.context": CONTEXT.format(region=region)})
    with path.open("x", encoding="ascii", newline="\n") as file:
        file.write(f'{head[:-1]}, "value": [')
        for entry in entries:
            file.write("\n" if tally.written == 0 else ",\n")
            tally.written += 1
            json.dump(_media(entry, tally.written, scheme, tally), file)
        file.write("\n]}\n")
    return tally


def scheme_of_most(categories: Mapping[str, int]) -> str:
    """The scheme of most entries whose category can be written; of equals the first by name."""
    schemes: Counter[str] = Counter()
    for category, count in sorted(categories.items()):
        if found := CATEGORY.fullmatch(category):
            schemes[found["scheme"]] += count
    return schemes.most_common(1)[0][0] if schemes else WITHOUT_REGION


def _media(entry: Entry, position: int, scheme: str, tally: Tally) -> dict[str, Any]:
    others = [(digest.algorithm.value, digest.value.hex().upper()) for digest in entry.digests]
    others += [("pdq", value.hex()) for value in entry.fingerprints]
    others += entry.opaque
    md5, sha1, photodna = (_take_first(others, kind) for kind in ("md5", "sha1", "photodna"))
    media: dict[str, Any] = {
        "MediaID": _media_id(entry.key, position, tally),
        "Category": _category(entry.opinion, scheme, tally),
        "MD5": md5 or "",
    }
    if sha1:
        media["SHA1"] = sha1
    if photodna:
        media["PhotoDNA"] = photodna
    media |= _said(entry.opinion, tally)
    if others:
        media["AlternativeHashes"] = [
            {"MD5": md5 or "", "HashName": HASH_NAMES.get(kind, kind.upper()), "HashValue": value}
            for kind, value in others
        ]
    return media


def _take_first(values: list[tuple[str, str]], kind: str) -> str | None:
    found = next((pair for pair in values if pair[0] == kind), None)
    if found:
        values.remove(found)
    return found and found[1]


def _media_id(key: str, position: int, tally: Tally) -> int:
    """The source's own number, so that it knows its entry again; otherwise the entry's place in the document."""
    if found := MEDIA_ID.fullmatch(key):
        return int(found["number"])
    tally.lose_key(key)
    return position


def _category(opinion: Opinion, scheme: str, tally: Tally) -> int | None:
    found = CATEGORY.fullmatch(opinion.category or "")
    if found and found["scheme"] == scheme:
        return int(found["number"])
    if opinion.category is not None:
        tally.lost["category"] += 1
    return None


def _said(opinion: Opinion, tally: Tally) -> dict[str, Any]:
    if any("," in tag for tag in opinion.tags):  # comes apart where it is read
        tally.lost["tags"] += 1
    said = {
        "VictimIdentified": opinion.victim_identified,
        "OffenderIdentified": opinion.offender_identified,
        "IsDistributed": opinion.distributed,
        "Series": opinion.series,
        "Tags": ",".join(opinion.tags) or None,
    }
    return {name: value for name, value in said.items() if value is not None}
