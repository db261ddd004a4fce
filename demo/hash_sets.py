"""Made-up hash sets for the made-up seizure: a VICS 2.0 document, a PDQ list and a list of known-good MD5 values.

Every listed value belongs to a synthetic picture or is drawn from a seed; none stands for anything real.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.pictures import photo_like
from demo.samples import SERIES_A
from demo.truth import SampleFile, SeizureTruth
from hashsets.algorithms.pdq import pdq_both
from triage.domain.items import Outcome

_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
_STRANGERS = 400
"""Entries per set that nothing in the seizure matches, so that a match means something."""


@dataclass(frozen=True, slots=True)
class HashSetFiles:
    """Where the three files lie and how many entries each holds."""

    vics: Path
    vics_entries: int
    pdq_list: Path
    pdq_entries: int
    known_good: Path
    known_good_entries: int


def make_hash_sets(folder: Path, truth: SeizureTruth) -> HashSetFiles:
    """Write the sets that make the pipeline find in the seizure what `truth` expects."""
    folder.mkdir(parents=True, exist_ok=True)
    media = _media(truth)
    vics = folder / "synthetic-known.vics.json"
    vics.write_text(json.dumps({"@odata.context": _CONTEXT, "value": media}, indent=1), encoding="utf-8")
    values = _pdq_values(truth)
    pdq_list = folder / "synthetic-near.pdq.txt"
    pdq_list.write_text("".join(f"pdq {value.hex()}\n" for value in values), encoding="ascii")
    digests = sorted({file.md5.hex() for file in truth.files if file.expected is Outcome.KNOWN_GOOD})
    digests += [_stranger("known-good", number)[:32] for number in range(_STRANGERS)]
    known_good = folder / "synthetic-known-good.md5.txt"
    known_good.write_text("".join(f"{digest}\n" for digest in digests), encoding="ascii")
    return HashSetFiles(vics, len(media), pdq_list, len(values), known_good, len(digests))


def _media(truth: SeizureTruth) -> list[dict[str, Any]]:
    """The entries of the VICS document: every known item of the seizure, then strangers of category 2."""
    known = {file.sha256: file for file in truth.files if file.expected is Outcome.KNOWN}
    listed = [_listed(number, file, truth.series[file.sha256]) for number, file in enumerate(known.values(), start=1)]
    strangers = [
        {
            "MediaID": len(listed) + 1 + number,
            "Category": 2,
            "MD5": _stranger("md5", number)[:32].upper(),
            "SHA1": _stranger("sha1", number)[:40].upper(),
            "MediaSize": 50_000 + number,
            "Tags": "synthetic",
        }
        for number in range(_STRANGERS)
    ]
    return listed + strangers


def _listed(number: int, file: SampleFile, series: str) -> dict[str, Any]:
    """Series A is an open one (nobody identified); series B is old and identified."""
    is_open = series == SERIES_A
    return {
        "MediaID": number,
        "Category": 1 if is_open else 2,
        "MD5": file.md5.hex().upper(),
        "SHA1": file.sha1.hex().upper(),
        "MediaSize": file.size,
        "MimeType": "image/jpeg",
        "DateUpdated": "2026-01-05T08:00:00Z",
        "VictimIdentified": not is_open,
        "OffenderIdentified": not is_open,
        "IsDistributed": True,
        "Series": series,
        "Tags": "synthetic,demo",
    }


def _pdq_values(truth: SeizureTruth) -> list[bytes]:
    """Values of the originals, by turns in either profile, as sets in the wild hold both; then strangers."""
    values = []
    for number, original in enumerate(truth.near_originals):
        reference, full = pdq_both(photo_like(original.seed, original.width, original.height))
        values.append((reference if number % 2 else full).value)
    return values + [bytes.fromhex(_stranger("pdq", number)) for number in range(_STRANGERS)]


def _stranger(kind: str, number: int) -> str:
    """64 hexadecimal digits that no picture has."""
    return hashlib.sha256(f"synthetic stranger {kind} {number}".encode()).hexdigest()
